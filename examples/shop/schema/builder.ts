import { addScalars, createBuilder } from 'crossfade/pothos'

export const builder = createBuilder()

addScalars(builder, {
  DateTime: 'ISO 8601 in UTC with milliseconds.',
  Decimal: 'Digits, with a point where there is a fraction.',
})

builder.queryType()
builder.mutationType()
