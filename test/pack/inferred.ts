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
  objectId,
  only,
  parseFilter,
  parseId,
  pull,
  reading,
  routed,
  scalars,
  type Transaction,
  text,
  where,
  write,
} from 'crossfade'
import {
  children,
  connection,
  connectionType,
  createBuilder,
  entityType,
  filterType,
  newInput,
  orderType,
  patchInput,
  payloadType,
  record,
  reference,
} from 'crossfade/pothos'
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
export const wanted = parseFilter(Thing, { size: true }, {})
export const some = where(Thing, { size: { eq: 's' } })
export const one = (context: Context, info: Info) => load(context, info, Thing, '1')
export const narrow = (context: Context, info: Info) => load(context, info, Thing, '1', { reading: ['place.room'] })
export const by = (context: Context, info: Info) => loadBy(context, info, Thing, 'size', 's')
export const page = (context: Context, info: Info) => loadConnection(context, info, Thing, wanted, [], {})
export const few = (context: Context, info: Info) => loadChildren(context, info, Thing, 'size', 's', [], {})
export const groups = (context: Context, info: Info) =>
  loadAggregate(context, info, Thing, { by: ['size'], measures: { count: { op: 'count' } }, limit: 1 })
export const resolver = (context: Context, info: Info) => write(context, info, (tx) => tx.of(Thing).get('1'))
export const label = reading(Thing, ['size'], ({ size }) => size)
export const writes = [only(Thing), independent(Thing)]
export const written = (tx: Transaction) => tx.of(Thing)
export const sum = add(1, divide(field('a'), 2))
export const operations = [increment(1), append('x'), addToSet('x'), pull('x'), compute(sum)]
export const bespoke = routed(Thing, {
  mongo: async ({ aggregate }) => (await aggregate(Thing, [])).length,
  postgres: async ({ run, sql }) => (await run(sql`select`)).length,
  finish: (found: number) => found,
})
export const id = parseId(Thing, '1')
export const codeOf = ({ code }: CrossfadeError) => code
export const { DateTime } = scalars

export const builder = createBuilder()
export const ThingType = entityType(builder, Thing, { embeds: { lines: 'Line', place: 'Place' } })
export const ThingConnection = connectionType(builder, Thing)
export const ThingFilter = filterType(builder, Thing, { lines: { path: 'lines', members: { word: true } } })
export const ThingOrder = orderType(builder, Thing, { SIZE: 'size', PRICE: 'place.price' })
export const NewThing = newInput(builder, Thing, ['size'], { name: 'NewThing', required: ['size'] })
export const ThingPatch = patchInput(builder, Thing, ['size'], { name: 'ThingPatch' })
export const ThingPayload = payloadType(builder, Thing, 'thing')
builder.queryType({
  fields: (t) => ({
    thing: record(t, Thing),
    things: connection(t, Thing, { filter: ThingFilter, orderBy: ThingOrder }),
  }),
})
builder.objectFields(ThingType, (t) => ({
  alike: children(t, Thing, { by: 'size', of: 'size' }),
  other: reference(t, Thing, { by: 'size', of: 'size' }),
}))
export const config = defineConfig({ schema: builder.toSchema(), entities: [Thing], migrations: {} })
