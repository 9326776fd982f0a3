import { defineEntity, int, load, longId, objectId, text, uuid } from 'crossfade'
import { createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { parseWhere } from '../../src/query/parse-where.ts'
import { only } from '../../src/routing/declared-writes.ts'
import { write } from '../../src/routing/writes.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const fields = { title: text(), parent: objectId() }
const Numbered = defineEntity('Numbered', { mongo: 'numbered', postgres: 'numbered', id: int(), fields })
const Named = defineEntity('Named', { mongo: 'named', postgres: 'named', id: text(), fields })
const Keyed = defineEntity('Keyed', { mongo: 'keyed', postgres: 'keyed', id: uuid(), fields })
const Hexed = defineEntity('Hexed', { mongo: 'hexed', postgres: 'hexed', id: objectId(), fields })
const Long = defineEntity('Long', { mongo: 'longs', postgres: 'longs', id: longId(), fields })
let made = 0
const Drawn = defineEntity('Drawn', {
  mongo: 'drawn',
  postgres: 'drawn',
  id: text(),
  newId: () => `drawn-${++made}`,
  fields,
})

function open(entity: Entity): Promise<SmallGateway> {
  const builder = createBuilder()
  const type = entityType(builder, entity as never)
  builder.queryType({
    fields: (t) => ({
      one: t.field({
        type,
        args: { id: t.arg.id({ required: true }) },
        resolve: (_, { id }, context, info) => load(context, info, entity, id) as never,
      }),
    }),
  })
  return openSmallGateway(builder.toSchema(), entity, [{ _id: entity.idKind === 'int' ? 1 : 'x' }])
}

const low = '5f00000000000000000000aa'
const key = '0b81ecbc-5a0e-4b6b-9f0a-5d1f6e0c9aaf'

/** The id of what was created; read, changed and deleted again under another writing of it. */
async function through({ gateway: { routing } }: SmallGateway, entity: Entity, given: unknown, again: unknown) {
  return write(routing, only(entity), async (tx) => {
    const writes = tx.of(entity)
    const { id } = await writes.create({ title: 'a', parent: low.toUpperCase() } as never, given as never)
    const got = (await writes.get(again as never)) as unknown as Record<string, unknown> | null
    const patched = (await writes.patch(again as never, { title: 'b' })) as unknown as Record<string, unknown> | null
    return [id, got?.['title'], got?.['parent'], patched?.['title'], await writes.delete(again as never)]
  })
}

describe.each(['shadow', 'live'] as const)('Ids in %s', (stage) => {
  const gateways = new Map<Entity, SmallGateway>()
  beforeAll(async () => {
    for (const entity of [Numbered, Named, Hexed, Keyed, Long, Drawn] as Entity[])
      gateways.set(entity, await open(entity))
    if (stage === 'live') for (const gateway of gateways.values()) await gateway.setStage('live')
  })
  afterAll(async () => {
    for (const gateway of gateways.values()) await gateway.close()
  })
  const by = (entity: Entity): SmallGateway => gateways.get(entity)!
  const create = (entity: Entity, id?: unknown): Promise<unknown> =>
    write(by(entity).gateway.routing, only(entity), (tx) => tx.of(entity).create({ title: 'a' } as never, id as never))

  test('have one form, whichever way they are written', async () => {
    expect(await through(by(Numbered), Numbered, '7', 7)).toEqual([7, 'a', low, 'b', true])
    expect(await through(by(Numbered), Numbered, -2147483648, '-2147483648')).toEqual([
      -2147483648,
      'a',
      low,
      'b',
      true,
    ])
    expect(await through(by(Long), Long, '+07', 7)).toEqual(['7', 'a', low, 'b', true])
    expect(await through(by(Long), Long, -(2n ** 63n), '-9223372036854775808')).toEqual([
      '-9223372036854775808',
      'a',
      low,
      'b',
      true,
    ])
    expect(await through(by(Hexed), Hexed, low.toUpperCase(), low)).toEqual([low, 'a', low, 'b', true])
    expect(await through(by(Hexed), Hexed, low, low.toUpperCase())).toEqual([low, 'a', low, 'b', true])
    expect(await through(by(Keyed), Keyed, key.toUpperCase(), key)).toEqual([key, 'a', low, 'b', true])
    expect(await through(by(Keyed), Keyed, key, key.toUpperCase())).toEqual([key, 'a', low, 'b', true])
    expect(await through(by(Named), Named, '7', 7)).toEqual(['7', 'a', low, 'b', true])
  })

  test('have it in filters, too', () => {
    const among = (entity: Entity, ...values: unknown[]) => {
      const where = parseWhere(entity, { op: 'in', path: 'id', values, insensitive: false })
      return 'values' in where && where.values
    }
    expect(among(Numbered, '7', 8)).toEqual([7, 8])
    expect(among(Hexed, low.toUpperCase())).toEqual([low])
    expect(among(Keyed, key.toUpperCase())).toEqual([key])
    expect(among(Named, 7, '8')).toEqual(['7', '8'])
    expect(among(Long, '-0', 8, 2n ** 62n)).toEqual(['0', '8', '4611686018427387904'])
    expect(() => among(Numbered, '1e3')).toThrow('Numbered.id: "1e3" is not a valid int')
  })

  test('are made where the mapping makes them', async () => {
    expect(await create(Hexed)).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{24}$/) })
    expect(await create(Keyed)).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    })
    expect(await create(Drawn)).toMatchObject({ id: `drawn-${made}` })
  })

  test.each([
    [Numbered, undefined, 'A new Numbered needs an id.'],
    [Named, undefined, 'A new Named needs an id.'],
    [Numbered, 1.5, 'Numbered.id: 1.5 is not a valid int: expected a whole number of 32 bits.'],
    [Numbered, 2147483648, 'Numbered.id: 2147483648 is not a valid int: expected a whole number of 32 bits.'],
    [Numbered, '1e3', 'Numbered.id: "1e3" is not a valid int: expected a whole number of 32 bits.'],
    [Numbered, null, 'A new Numbered needs an id.'],
    [Long, undefined, 'A new Long needs an id.'],
    [Long, 2 ** 53, 'Long.id: 9007199254740992 is not a valid long: expected a whole number of 64 bits.'],
    [Long, '1.5', 'Long.id: "1.5" is not a valid long: expected a whole number of 64 bits.'],
    [Hexed, 'me', 'Hexed.id: "me" is not a valid id: expected 24 hex digits.'],
    [Keyed, low, /^Keyed\.id: "5f0{20}aa" is not a valid uuid: expected 32 hex digits in groups/],
    [Hexed, { $gt: '' }, /^Hexed\.id: \[object Object\] is not a valid id/],
    [Named, 2 ** 53, 'Named.id: 9007199254740992 is not a valid text: expected a text, since numbers past 2.53 lose'],
    [Named, 'a\0', /^Named\.id: .* NUL/],
  ])('an id that is none is refused (%#)', async (entity, id, message) => {
    await expect(create(entity, id)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    })
    if (id === undefined) return
    const refused = [
      write(by(entity).gateway.routing, only(entity), (tx) => tx.of(entity).get(id as never)),
      write(by(entity).gateway.routing, only(entity), (tx) => tx.of(entity).delete(id as never)),
      write(by(entity).gateway.routing, only(entity), (tx) => tx.of(entity).patch(id as never, { title: 'b' })),
    ]
    for (const each of await Promise.allSettled<unknown>(refused))
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'BAD_USER_INPUT' } })
  })
})
