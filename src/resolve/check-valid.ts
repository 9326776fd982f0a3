import { type GraphQLSchema, validateSchema } from 'graphql'
import { CrossfadeError } from '../util/errors.ts'

/** @throws CrossfadeError MISCONFIGURED for a schema that graphql-js would refuse at each request, with every reason. */
export function checkValid(schema: GraphQLSchema): void {
  const reasons = validateSchema(schema).map(({ message }) => message)
  if (reasons.length > 0) throw new CrossfadeError('MISCONFIGURED', `The schema is not valid: ${reasons.join(' ')}`)
}
