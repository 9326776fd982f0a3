import { defineEntity, embed, int, recordType, text } from 'crossfade'
import { connection, createBuilder, entityType, typedReference } from 'crossfade/pothos'
import { parse } from 'graphql'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { costs } from '../../src/gateway/cost.ts'
import { limitsOf } from '../../src/gateway/limits.ts'
import { Reads } from '../../src/routing/reads.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Club = defineEntity('Club', { mongo: 'clubs', postgres: 'clubs', id: int(), fields: { name: text() } })
const Person = defineEntity('Person', { mongo: 'people', postgres: 'people', id: int(), fields: { nick: text() } })
const Mention = defineEntity('Mention', {
  mongo: 'mentions',
  postgres: 'mentions',
  id: int(),
  fields: { about: embed({ type: text(), id: int() }) },
})
const entities = [Club, Person, Mention]

const builder = createBuilder()
const ClubType = entityType(builder, Club)
const PersonType = entityType(builder, Person)
const Subject = builder.unionType('Subject', { types: [ClubType, PersonType], resolveType: recordType })
const among = { club: Club, person: Person } as const
builder.objectFields(entityType(builder, Mention, { omit: ['about'] }), (t) => ({
  about: typedReference(t, { type: Subject, kind: 'about.type', of: 'about.id', among }),
}))
builder.queryType({ fields: (t) => ({ mentions: connection(t, Mention) }) })

const schema = builder.toSchema()

const documents = new Map<Entity, readonly Document[]>([
  [Club, [{ _id: 1, name: 'Rowers' }] as unknown as Document[]],
  [
    Person,
    [
      { _id: 1, nick: 'Ada' },
      { _id: 2, nick: 'Bea' },
    ] as unknown as Document[],
  ],
  [
    Mention,
    [
      { _id: 1, about: { type: 'club', id: 1 } },
      { _id: 2, about: { type: 'person', id: 1 } },
      { _id: 3, about: { type: 'person', id: 2 } },
      { _id: 4, about: { type: 'constructor', id: 1 } },
      { _id: 5, about: { type: 'club', id: 9 } },
      { _id: 6, about: { type: 'club', id: 'x' } },
      { _id: 7, about: { id: 1 } },
      { _id: 8 },
    ] as unknown as Document[],
  ],
])

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema, entities, migrations: {} }, documents)
}, 60_000)
afterAll(() => api?.close())

const ask = () =>
  api.ask('{ mentions { edges { node { about { __typename ... on Club { name } ... on Person { nick } } } } } }')

test.each(stages)('a field refers to one record of several types, in %s', async (stage) => {
  await api.setStage(stage)
  const found = [
    { __typename: 'Club', name: 'Rowers' },
    { __typename: 'Person', nick: 'Ada' },
    { __typename: 'Person', nick: 'Bea' },
    ...new Array(5).fill(null),
  ]
  expect(await ask()).toEqual({ data: { mentions: { edges: found.map((about) => ({ node: { about } })) } } })
})

test('costs a statement for each of them', () => {
  const cost = costs(schema, entities, limitsOf({}))
  // 3 statements, and each of the fields once
  expect(cost(parse('{ mentions(first: 1) { edges { node { about { __typename } } } } }'), undefined, {})?.cost).toBe(
    305,
  )
})

test('by one batch for each type', async () => {
  const run = vi.spyOn(Reads.prototype, 'run')
  await ask()
  const asked = run.mock.calls.map(([{ entity }]) => entity.name)
  run.mockRestore()
  expect(asked.toSorted()).toEqual(['Club', 'Mention', 'Person'])
})
