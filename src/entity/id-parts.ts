import { packId, unpackId } from '../codec/composite-id.ts'
import type { IdParts, PartTypes, PartValues } from '../codec/id-part.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Entity } from './entity.ts'
import type { Fields } from './field.ts'
import { parseId } from './parse-id.ts'

/** An entity whose ids are made of parts. */
type Composed<P extends IdParts> = Entity<Fields, 'compositeId', P>

/** What `idOf` takes: longs also as numbers or digits, moments also as ISO 8601. */
type PartsGiven<P extends IdParts> = {
  readonly [N in keyof P]:
    | PartTypes[P[N]]
    | (P[N] extends 'long' ? number | string : P[N] extends 'timestamp' ? string : never)
}

const partsIn = ({ name, idParts }: Pick<Entity, 'name' | 'idParts'>): IdParts => {
  if (idParts) return idParts
  throw new CrossfadeError('MISCONFIGURED', `${name}.id has no parts: it is no compositeId().`)
}

/**
 * The id that is made of these parts: `idOf(Stock, { store: 's1', number: 5 })`.
 *
 * @throws BAD_USER_INPUT that names a part whose value is not of its kind, or is missing.
 */
export function idOf<P extends IdParts>(entity: Composed<P>, parts: PartsGiven<P>): string {
  try {
    return packId(partsIn(entity), parts)
  } catch (error) {
    if (!(error instanceof CrossfadeError) || error.code !== 'BAD_USER_INPUT') throw error
    throw new CrossfadeError(error.code, `${entity.name}.id: ${error.message}`, { cause: error })
  }
}

/**
 * The parts that an id is made of: `partsOf(Stock, stock.id)` is `{ store: 's1', number: 5 }`.
 *
 * @throws BAD_USER_INPUT for what is no id of the entity.
 */
export function partsOf<P extends IdParts>(entity: Composed<P>, id: string): PartValues<P>
export function partsOf(entity: Composed<IdParts>, id: string): PartValues<IdParts> {
  return unpackId(partsIn(entity), parseId(entity, id))
}
