import type { Entity } from '../entity/entity.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { defaultScope } from './default-scope.ts'

/** @throws MISCONFIGURED for a `defaultScope` that its type's fields cannot be asked. */
export function checkScopes(entities: readonly Entity[]): void {
  for (const entity of entities)
    try {
      defaultScope(entity)
    } catch (error) {
      const text = `${entity.name}.defaultScope: ${messageOf(error)}`
      throw error instanceof CrossfadeError ? new CrossfadeError('MISCONFIGURED', text) : error
    }
}
