import { checkEntities } from '../entity/checks.ts'
import type { Entity } from '../entity/entity.ts'
import { checkScopes } from '../query/check-scopes.ts'
import { checkNeeds } from '../resolve/check-needs.ts'
import { checkPages } from '../resolve/check-pages.ts'
import { checkShown } from '../resolve/check-shown.ts'
import { checkValid } from '../resolve/check-valid.ts'
import { checkWrites, silentMutations } from '../resolve/check-writes.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { CrossfadeConfig } from './config.ts'

/** @throws MISCONFIGURED where mapping, schema and configuration do not fit each other. */
export function checkApp({ schema, entities, cors }: CrossfadeConfig, log: Routing['log']): void {
  if (cors?.credentials && [cors.origin].flat().includes('*'))
    throw new CrossfadeError('MISCONFIGURED', "cors: origin '*' cannot go with credentials; name the sites.")
  checkEntities(entities)
  checkScopes(entities)
  checkValid(schema)
  checkShown(schema, entities)
  checkNeeds(schema, entities)
  checkPages(schema)
  checkWrites(schema, entities)
  const silent = silentMutations(schema)
  if (silent.length === 0) return
  const advice = 'Those that call write() fail without: `extensions: { writes: only(…) }`.'
  log('warn', `These mutations do not say what they write: ${silent.join(', ')}. ${advice}`)
}

/**
 * Begins to look at what clients may order by, before they do.
 *
 * @returns the types that are looked at: a store that has told no flag is down, or not prepared, and the first query of
 * such a type begins the look.
 */
export function startLooks({ stores, flags, log }: Routing, { schema, entities }: CrossfadeConfig): readonly Entity[] {
  const asked = contractOrders(schema, entities)
  const known = entities.filter(({ name }) => flags.has(name))
  const keysOf = ({ name }: Entity) => (asked.get(name) ?? []).flatMap(({ keys }) => keys)
  stores.mongo.startLooks(new Map(known.map((entity) => [entity, keysOf(entity)])), log)
  return known
}
