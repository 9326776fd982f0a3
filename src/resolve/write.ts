import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { type Transaction, write } from '../routing/writes.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type GatewayContext, sessionOf } from './context.ts'

/**
 * The types that a mutation writes: no others let it. Each write is atomic; several are made one after the other, each
 * with its own authority, and a crash between them leaves the earlier ones.
 */
export interface Writes {
  readonly entities: readonly Entity[]
}

/** One type. */
export const only = (entity: Entity): Writes => ({ entities: [entity] })
/** Several types that do not move together: said where it is so, since no transaction joins their writes. */
export const independent = (...entities: readonly Entity[]): Writes => ({ entities })

const declared: { name: string; writes: Writes }[] = []

/** @throws MISCONFIGURED where a mutation writes a type that is not part of the schema. */
export function checkWrites(entities: readonly Entity[]): void {
  for (const { name, writes } of declared) {
    const unknown = writes.entities.find((entity) => !entities.includes(entity))
    if (unknown)
      throw new CrossfadeError('MISCONFIGURED', `${name} writes ${unknown.name}, which is not part of the schema.`)
  }
}

/**
 * A mutation's resolver: takes the permits, runs, mirrors within the budget, and lets the payload read what was
 * written.
 */
export function mutation<Args, Result>(
  name: string,
  writes: Writes,
  resolve: (transaction: Transaction, args: Args) => Promise<Result>,
): (parent: unknown, args: Args, context: GatewayContext, info: GraphQLResolveInfo) => Promise<Result> {
  declared.push({ name, writes })
  return async (_parent, args, context, info) => {
    const result = await write(context.routing, writes.entities, (transaction) => resolve(transaction, args))
    sessionOf(context, info).loaders.clear()
    return result
  }
}
