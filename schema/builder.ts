import { addScalars, createBuilder } from 'crossfade/pothos'

export const builder = createBuilder()

addScalars(builder, {
  DateTime: 'ISO 8601 in UTC with milliseconds, for example 1903-12-01T00:00:00.000Z.',
})

builder.queryType()
builder.mutationType()
