import { badValue } from '../codec/bad-value.ts'
import { kindOf } from '../codec/kinds.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Entity, IdKinds } from './entity.ts'
import type { Fields } from './field.ts'

/**
 * An id in its canonical form, wherever it enters: hex digits in lower case, whole numbers as numbers, given as text or
 * not.
 *
 * @throws BAD_USER_INPUT for one that cannot be an id of this entity.
 */
export function parseId<K extends keyof IdKinds>(
  entity: Pick<Entity<Fields, K>, 'idKind' | 'idParts' | 'name'>,
  id: unknown,
): IdKinds[K] {
  const { idKind, idParts, name } = entity
  // A kind's own values, which `IdKinds` names
  const parse = (given: unknown) => kindOf({ kind: idKind, parts: idParts }).parse(given) as IdKinds[K]
  try {
    // Number() would take "", " 1 " and "0x1", too
    if (idKind === 'int') return parse(typeof id === 'string' && /^-?\d{1,10}$/.test(id) ? Number(id) : id)
    // A double past 2^53 may have been another number
    const isRounded = Number.isInteger(id) && !Number.isSafeInteger(id)
    if (idKind === 'text' && isRounded) throw badValue(idKind, id, 'a text, since numbers past 2^53 lose digits')
    return parse(typeof id === 'number' && idKind !== 'longId' ? String(id) : id)
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    throw new CrossfadeError(error.code, `${name}.id: ${error.message}`, { cause: error })
  }
}
