import { type GraphQLSchema, isObjectType } from 'graphql'
import { CrossfadeError } from '../util/errors.ts'

/** @throws CrossfadeError MISCONFIGURED for a list of several types that is to take cursors of an earlier API: nothing reads them. */
export function checkPages(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const { name, extensions } of Object.values(type.getFields())) {
      if (!extensions.page?.entities || !extensions.page.cursor) continue
      const text = `${type.name}.${name} is a list of several types, and takes no cursors of an earlier API`
      throw new CrossfadeError('MISCONFIGURED', `${text}: leave \`cursor\` out of what its extensions say of the page.`)
    }
  }
}
