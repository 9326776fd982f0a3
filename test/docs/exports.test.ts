import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './blocks.ts'

/** What an entry point exports: each name with the file that defines it. */
function exportsOf(entry: string): { readonly name: string; readonly file: string }[] {
  const source = readFileSync(join(root, 'src', entry), 'utf8')
  return [...source.matchAll(/^export (?:type )?\{([^}]*)\} from '\.\/([^']+)'/gm)].flatMap(({ 1: names, 2: file }) =>
    names!
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => ({ name, file: file! })),
  )
}

const definition = (name: string): RegExp =>
  new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)?\\n?export (?:declare )?(?:async )?(?:abstract )?(?:const|function|class|type|interface) ${name}\\b`,
  )

const all = [...exportsOf('index.ts'), ...exportsOf('pothos.ts')]

test('the entry points are found', () => {
  expect(all.length).toBeGreaterThan(80)
})

test.each(all)('$name says what it is', ({ name, file }) => {
  const found = definition(name).exec(`\n${readFileSync(join(root, 'src', file), 'utf8')}`)
  expect(found, `${name} is defined in ${file}`).not.toBeNull()
  expect(found![1], `${name} in ${file} has a comment`).toBeDefined()
})
