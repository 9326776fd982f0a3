import type { GraphQLResolveInfo } from 'graphql'
import type { Entity, Id } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import type { Narrow } from '../entity/record.ts'
import type { FilterNames } from '../query/filter-names.ts'
import { CrossfadeError } from '../util/errors.ts'
import { repeated } from '../util/repeated.ts'
import type { GatewayContext } from './context.ts'
import { type ReadId, withOwnIds } from './global-filter.ts'
import { type LoadOptions, load } from './load.ts'
import { typed } from './record-type.ts'

/** How one text says of which type an id is. */
export interface GlobalIdCodec {
  encode(type: string, id: string): string
  /** Null for a text that is none of these. */
  decode(text: string): { readonly type: string; readonly id: string } | null
}

/** As Relay's servers make them: base64 of `Book:1`. */
const relay: GlobalIdCodec = {
  encode: (type, id) => Buffer.from(`${type}:${id}`).toString('base64'),
  decode(text) {
    const [type, ...rest] = Buffer.from(text, 'base64').toString().split(':')
    const id = rest.join(':')
    // Buffer takes any text, and there is to be one for each id
    return type && relay.encode(type, id) === text ? { type, id } : null
  },
}

type FilterInput = Readonly<Record<string, unknown>>

/** A record that is meant by a global id. */
export interface Meant<E extends Entity> {
  readonly entity: E
  readonly id: Id
}

/** Ids that are unique in the whole contract, for `node(id:)`. */
export class GlobalIds<E extends Entity = Entity> {
  readonly #names: ReadonlyMap<Entity, string>
  readonly #types: ReadonlyMap<string, E>
  readonly #codec: GlobalIdCodec

  /** @throws MISCONFIGURED for a type of two names: a record has one global id. */
  constructor(types: Readonly<Record<string, E>>, codec: GlobalIdCodec) {
    const twice = repeated(Object.entries(types), ([, entity]) => entity.name)
    if (twice) {
      const [name, { name: type }] = twice
      const text = `${type} has two names among global ids, one of them ${name}, and a record has one id`
      throw new CrossfadeError('MISCONFIGURED', `${text}. Name it once; an encoding of your own may read the others.`)
    }
    this.#types = new Map(Object.entries(types))
    this.#names = new Map(Object.entries(types).map(([name, entity]) => [entity, name]))
    this.#codec = codec
  }

  /** @throws MISCONFIGURED for a type that has none. */
  encode(entity: Entity, id: Id): string {
    const name = this.#names.get(entity)
    if (name === undefined) throw new CrossfadeError('MISCONFIGURED', `${entity.name} has no global ids.`)
    return this.#codec.encode(name, String(id))
  }

  /** @throws BAD_USER_INPUT for what is no global id, or holds what cannot be an id of its type. */
  decode(text: string): Meant<E> {
    const found = this.#codec.decode(text)
    const entity = found && this.#types.get(found.type)
    if (entity) {
      const id = parseId(entity, found.id)
      // A record has one, by which clients keep it
      if (this.#codec !== relay || this.encode(entity, id) === text) return { entity, id }
    }
    const names = [...this.#types.keys()].join(' or ')
    throw new CrossfadeError('BAD_USER_INPUT', `${JSON.stringify(text)} is no global id of ${names}.`)
  }

  /**
   * A filter as a client gives it, with the stored ids in the place of global ones: of fields that hold the record's own
   * id, and of those that refer to another type which has global ids. `parseFilter` reads the result.
   *
   * @param names as for `parseFilter`.
   * @throws BAD_USER_INPUT for what is no global id of the type that is meant.
   */
  inFilter(entity: E, names: FilterNames, filter: FilterInput | null | undefined): FilterInput | null | undefined {
    const types = new Map([...this.#types.values()].map((each) => [each.name, each]))
    const readId: ReadId = (name) => {
      const type = types.get(name)
      return type ? (text) => this.idOf(type, text) : null
    }
    return withOwnIds(entity, names, filter, readId) as FilterInput | null | undefined
  }

  /** The id of a record of one type. @throws BAD_USER_INPUT for one of another type, as well. */
  idOf(entity: E, text: string): Id {
    const meant = this.decode(text)
    if (meant.entity === entity) return meant.id
    const name = this.#names.get(entity) ?? entity.name
    throw new CrossfadeError('BAD_USER_INPUT', `${JSON.stringify(text)} is no global id of ${name}.`)
  }
}

/**
 * Global ids of types, by the names that they have in them:
 *
 * ```ts
 * const ids = globalIds({ Book, Writer: Author })
 * ```
 *
 * @param codec default: base64 of name and id, as Relay's servers make it.
 */
export const globalIds = <E extends Entity>(
  types: Readonly<Record<string, E>>,
  codec: GlobalIdCodec = relay,
): GlobalIds<E> => new GlobalIds(types, codec)

/**
 * The record that a global id means, of whichever type: for `node(id:)`. Null where there is none.
 *
 * @throws BAD_USER_INPUT for what is no global id.
 */
export async function loadNode<E extends Entity>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  ids: GlobalIds<E>,
  text: string,
  options: LoadOptions<never, E> = {},
): Promise<Narrow<E> | null> {
  const { entity, id } = ids.decode(text)
  return typed(entity, await load<E>(context, info, entity, id, options))
}
