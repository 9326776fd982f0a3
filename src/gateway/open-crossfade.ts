import type { CrossfadeConfig } from './config.ts'
import type { Crossfade, CrossfadeOptions } from './crossfade.ts'

/**
 * Opens the door for a job or script of the team's own, outside of GraphQL, which reads and writes as resolvers do; or for a
 * GraphQL server of the team's own (`serves: true`). Until it is closed it is one of the gateways: moves of authority wait
 * for it, and hold its writes.
 *
 * ```ts
 * const crossfade = await openCrossfade(config)
 * try {
 *   await crossfade.write(Comment, (tx) => tx.of(Comment).delete(id))
 * } finally {
 *   await crossfade.close()
 * }
 * ```
 *
 * @param config the default export of `crossfade.config.ts`.
 * @throws UNAVAILABLE where a store does not answer that has authority over one of the types, MISCONFIGURED where
 * settings or mappings do not fit, no flag is known, or a newer version keeps the bookkeeping.
 */
export async function openCrossfade(config: CrossfadeConfig, options: CrossfadeOptions = {}): Promise<Crossfade> {
  // Here and not above: schemas import the same entry of the package, and need no driver
  const { openJob } = await import('./open-job.ts')
  return openJob(config, options)
}
