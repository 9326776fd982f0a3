import { kindOf } from '../codec/kinds.ts'
import type { Entity, Id } from './entity.ts'
import { idLeaf } from './leaf-at.ts'

/** The order of ids in both stores. */
export const compareIds = (entity: Entity): ((a: Id, b: Id) => number) => kindOf(idLeaf(entity)).compare!
