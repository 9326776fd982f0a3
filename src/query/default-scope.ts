import type { Entity } from '../entity/entity.ts'
import { onceFor } from '../util/once-for.ts'
import { where } from './parse-filter.ts'
import { everything, type Where } from './where.ts'

/**
 * What readers show of a type where nobody says otherwise.
 *
 * @throws as `where`, for a condition that the mapping's fields cannot be asked.
 */
export const defaultScope = onceFor(
  (entity: Entity): Where => (entity.defaultScope === null ? everything : where(entity, entity.defaultScope)),
)
