import { kindOf } from '../codec/kinds.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Entity, Id } from './entity.ts'

/**
 * An id in its canonical form, wherever it enters: hex digits in lower case, whole numbers as numbers, given as text or
 * not.
 *
 * @throws BAD_USER_INPUT for one that cannot be an id of this entity.
 */
export function parseId({ idKind, name }: Pick<Entity, 'idKind' | 'name'>, id: unknown): Id {
  try {
    if (idKind !== 'int') return kindOf(idKind).parse(typeof id === 'number' ? String(id) : id) as Id
    // Number() would take "", " 1 " and "0x1", too
    return kindOf(idKind).parse(typeof id === 'string' && /^-?\d{1,10}$/.test(id) ? Number(id) : id) as Id
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    throw new CrossfadeError(error.code, `${name}.id: ${error.message}`, { cause: error })
  }
}
