import { GraphQLError, GraphQLScalarType } from 'graphql'

function dateOf(value: unknown): Date {
  const at = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(value) ? new Date(value) : null
  if (at && !Number.isNaN(at.getTime())) return at
  throw new GraphQLError('It must be a time as 2026-12-31T12:00:00Z, or a date.')
}

export const scalars = {
  DateTime: new GraphQLScalarType<Date, string>({
    name: 'DateTime',
    // Signatures are kept with the text that ISO 8601 has
    serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
    parseValue: dateOf,
  }),
  JSON: new GraphQLScalarType({ name: 'JSON' }),
}
