import { kindOf } from '../codec/kinds.ts'
import type { Entity, Id } from './entity.ts'

/** The order of ids in both stores. */
export const compareIds = ({ idKind }: Entity): ((a: Id, b: Id) => number) => kindOf(idKind).compare!
