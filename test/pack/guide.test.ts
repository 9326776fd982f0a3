import { expect, test } from 'vitest'
import { stepsOf } from './guide.ts'

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\`\n`

test('every sort of block is something to do, in the order of the text', () => {
  const guide = [
    fence('sh', 'npm install a'),
    fence('ts', "// a/b.ts\nimport 'a'"),
    fence('jsonc', '// tsconfig.json\n{}'),
    fence('graphql', '# a/b.graphql\n{ a }'),
    `The collection \`books\`:\n\n${fence('json', '[{}]')}`,
    `Ask:\n\n${fence('graphql', '{ a }')}\nIt says:\n\n${fence('json', '{ "a": 1 }')}`,
  ]
  expect(stepsOf(guide.join('\nText.\n\n'))).toEqual([
    { does: 'run', commands: 'npm install a\n' },
    { does: 'write', file: 'a/b.ts', text: "// a/b.ts\nimport 'a'\n" },
    { does: 'write', file: 'tsconfig.json', text: '// tsconfig.json\n{}\n' },
    { does: 'write', file: 'a/b.graphql', text: '# a/b.graphql\n{ a }\n' },
    { does: 'insert', collection: 'books', documents: '[{}]\n' },
    { does: 'ask', operation: '{ a }\n', answer: { a: 1 } },
  ])
})

test.each([
  ['a file without a name', fence('ts', "import 'a'")],
  ['documents of no collection', fence('json', '[{}]')],
  ['an unknown language', fence('yaml', 'a: 1')],
  ['no language', fence('', 'npm install a')],
])('%s is an error, since nobody would notice when it is wrong', (_, guide) => {
  expect(() => stepsOf(guide)).toThrow('It is not said what to do with this block')
})

test.each([
  ['at the end', fence('graphql', '{ a }')],
  ['before another block', fence('graphql', '{ a }') + fence('sh', 'ls') + fence('json', '{}')],
])('an operation without its answer is an error %s', (_, guide) => {
  expect(() => stepsOf(guide)).toThrow('No answer follows { a }')
})
