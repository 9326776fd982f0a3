import { expect, test } from 'vitest'
import { importsOf } from './imports.ts'

test.each([
  ['a side effect', "import 'a'", ['a']],
  ['a default, names, a namespace', 'import a, { b as c, type D } from \'a\'\nimport * as e from "e"', ['a', 'e']],
  ['types only', "import type A from 'a'\nimport type { B } from 'b'\nimport { type C } from 'c'", ['a', 'b', 'c']],
  ['several lines', "import {\n  a, // from 'x'\n  b,\n} from 'a'", ['a']],
  [
    'names that are keywords',
    "import from from 'a'; import type from 'b'; import { 'from' as c } from 'c'",
    ['a', 'b', 'c'],
  ],
  ['attributes', "import a from './a.json' with { type: 'json' }", ['./a.json']],
  [
    're-exports',
    "export * from 'a'; export * as b from 'b'; export { c } from 'c'; export type { D } from 'd'",
    ['a', 'b', 'c', 'd'],
  ],
  ['dynamic ones', "await import('a'); const b = () => import(`b`); [...require('c')]", ['a', 'b', 'c']],
  ['types by import()', "let a: import('a').A; function b(): typeof import('b') {}", ['a', 'b']],
  ['one inside a template', `\`\${await import('a')} \${\`\${import('b')}\`}\``, ['a', 'b']],
  ['one after a regular expression', "const a = /['\"`/]/.test(b) ? 1 : 2 / 3\nimport 'a'", ['a']],
  ['one after division', "const a = (b + c) / d / e[0] / 2\nimport 'a'", ['a']],
])('sees %s', (_, source, expected) => {
  expect(importsOf(source)).toEqual(expected)
})

test.each([
  ['comments', "// import 'a'\n/* import 'b'\n * export * from 'c' */ /** {@link import('d')} */"],
  ['strings', '"import \'a\'"; \'it\\\'s from "b"\'; f("import", "from", "c")'],
  ['templates', `\`import 'a'\`; \`\${1} import 'b' \${2} export * from 'c'\``],
  ['regular expressions', "const a = /import 'a'/; return /export * from 'b'/"],
  ['import.meta and properties', "import.meta.resolve('a'); it.import('b'); it.require('c')"],
  ['own exports', "export { a }\nconst from = 'b'; export default { from: 'c' }; export type D = 'd' | 'e'"],
  ['computed names', `import(path); import(\`./\${name}.ts\`)`],
])('is not fooled by %s', (_, source) => {
  expect(importsOf(source)).toEqual([])
})
