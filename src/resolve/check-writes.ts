import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { togetherProblem } from '../routing/declared-writes.ts'
import { CrossfadeError } from '../util/errors.ts'

/** Mutations that do not say what they write: those of other code may be among them, so it is no fault by itself. */
export function silentMutations(schema: GraphQLSchema): string[] {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  return fields.filter(({ extensions }) => !extensions.writes).map(({ name }) => name)
}

/** @throws CrossfadeError MISCONFIGURED where a field says that it writes what is no entity, or says it in other words. */
export function checkWrites(schema: GraphQLSchema, entities: readonly Entity[]): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const { name, extensions } of Object.values(type.getFields())) {
      const { writes } = extensions
      const place = `${type.name}.${name}`
      const misspelt = ['write', 'Writes', 'Write'].find((key) => key in extensions)
      if (misspelt)
        throw new CrossfadeError(
          'MISCONFIGURED',
          `${place} has the extension \`${misspelt}\`. Did you mean \`writes\`?`,
        )
      if (!writes) continue
      if (!Array.isArray(writes.entities))
        throw new CrossfadeError(
          'MISCONFIGURED',
          `${place}: \`writes\` is neither only(…), nor together(…), nor independent(…).`,
        )
      const problem = togetherProblem(writes)
      if (problem) throw new CrossfadeError('MISCONFIGURED', `${place}: ${problem}`)
      const unknown = writes.entities.find((entity) => !entities.includes(entity))
      if (unknown)
        throw new CrossfadeError('MISCONFIGURED', `${place} writes ${unknown.name}, which is not among the entities.`)
    }
  }
}
