import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { typeDefs } from '../../src/admin/api/type-defs.ts'
import { root } from './blocks.ts'

const schema = buildSchema(typeDefs)
const page = readFileSync(join(root, 'docs/admin.md'), 'utf8')
const bodies = [...page.matchAll(/-d '(\{.+\})'`$/gm)].map(([, body]) => body!)

test('the page has whole requests', () => {
  expect(bodies.length).toBeGreaterThanOrEqual(2)
})

test.each(bodies)('which fit the contract: %s', (body) => {
  const { query, variables = {} } = JSON.parse(body) as { query: string; variables?: object }
  const document = parse(query)
  expect(validate(schema, document)).toEqual([])
  expect(Object.keys(variables)).toEqual([...query.matchAll(/\$(\w+):/g)].map(([, name]) => name))
})
