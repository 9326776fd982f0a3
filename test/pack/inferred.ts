/**
 * Values whose types are inferred, exported as an app may: its declarations can name each of those types by the
 * package's entry points alone. The pack test writes the declarations; nothing here is run.
 */
import {
  add,
  addToSet,
  append,
  type CrossfadeError,
  compute,
  decimal,
  defineConfig,
  defineEntity,
  divide,
  embed,
  enumeration,
  field,
  fieldsFor,
  type GatewayContext,
  increment,
  independent,
  json,
  list,
  load,
  loadAggregate,
  loadBy,
  loadChildren,
  loadConnection,
  mutation,
  objectId,
  only,
  parseFilter,
  parseId,
  pull,
  routed,
  scalars,
  selectedBelow,
  type Transaction,
  text,
} from 'crossfade'
import { addFilterInputs, connectionType, createBuilder, entityType, listFilterInput } from 'crossfade/pothos'
import type { GraphQLResolveInfo } from 'graphql'

type Context = GatewayContext
type Info = GraphQLResolveInfo

export const fields = {
  lines: list(embed({ word: text() })),
  size: enumeration(['s', 'l']),
  extra: json({ color: text() }),
  place: embed({ room: text().required(), price: decimal() }),
}
export const Thing = defineEntity('Thing', { mongo: 'things', postgres: 'things', id: objectId(), fields })
export const where = parseFilter(Thing, {}, {})
export const set = (info: Info) => fieldsFor(info, Thing, [])
export const below = (info: Info) => selectedBelow(info, [])
export const one = (context: Context, info: Info) => load(context, info, Thing, '1')
export const by = (context: Context, info: Info) => loadBy(context, info, Thing, 'size', 's')
export const page = (context: Context, info: Info) => loadConnection(context, info, Thing, where, [], {})
export const children = (context: Context, info: Info) => loadChildren(context, info, Thing, 'size', 's', [], {})
export const asked = { where, by: [], measures: {}, having: [], order: [], limit: 1 }
export const groups = (context: Context, info: Info) => loadAggregate(context, info, Thing, asked)
export const resolver = mutation('write', only(Thing), (tx) => tx.of(Thing).get('1'))
export const writes = independent(Thing)
export const written = (tx: Transaction) => tx.of(Thing)
export const sum = add(1, divide(field('a'), 2))
export const operations = [increment(1), append('x'), addToSet('x'), pull('x'), compute(sum)]
export const bespoke = routed(Thing, {
  mongo: async ({ aggregate }) => (await aggregate(Thing, [])).length,
  postgres: async ({ run, sql }) => (await run(sql`select`)).length,
  settle: (found: number) => found,
})
export const id = parseId(Thing, '1')
export const codeOf = ({ code }: CrossfadeError) => code
export const { DateTime } = scalars

export const builder = createBuilder()
export const ThingType = entityType(builder, Thing, { embeds: { lines: 'Line', place: 'Place' } })
export const ThingConnection = connectionType(builder, 'Thing', ThingType)
export const filters = addFilterInputs(builder)
export const LineFilter = builder.inputType('LineFilter', { fields: (t) => ({ word: t.string() }) })
export const LinesFilter = listFilterInput(builder, 'LinesFilter', LineFilter)
export const config = defineConfig({ schema: builder.toSchema(), entities: [Thing], migrations: {} })
