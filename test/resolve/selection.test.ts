import type { FieldNode, GraphQLResolveInfo } from 'graphql'
import { buildSchema, parse } from 'graphql'
import { expect, test } from 'vitest'
import { oncePerField } from '../../src/resolve/selection.ts'

test('a field keeps the answers to few questions, however many clients make up', () => {
  const [operation] = parse('{ movies { id } }').definitions
  if (operation?.kind !== 'OperationDefinition') throw new Error('no operation')
  const fieldNodes = operation.selectionSet.selections as readonly FieldNode[]
  const parentType = buildSchema('type Query { movies: [Movie!]! } type Movie { id: ID! }').getQueryType()
  const info = { fieldNodes, parentType, operation, fragments: {} } as unknown as GraphQLResolveInfo
  const asked: string[] = []
  const ask = (key: string) =>
    oncePerField(info, key, () => {
      asked.push(key)
      return null
    })
  for (let n = 0; n < 200; n++) ask(`order ${n}`)
  asked.length = 0
  ask('order 0')
  ask('order 49')
  expect(asked).toEqual([])
  ask('order 50')
  ask('order 199')
  expect(asked).toEqual(['order 50', 'order 199'])
})
