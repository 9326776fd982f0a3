import { setTimeout as sleep } from 'node:timers/promises'
import type { Entity } from '../entity/entity.ts'
import { messageOf } from '../util/errors.ts'
import { joinCopy } from './backfill.ts'
import type { BackfillOptions, Progress } from './backfill-options.ts'

/** Between two looks for a copy that runs. */
const lookMs = 1_000

/** What went wrong is told, and tried again after so long. */
const restMs = 5_000

export interface WorkOptions extends Omit<BackfillOptions, 'entity' | 'onProgress' | 'signal'> {
  readonly entities: readonly Entity[]
  readonly onProgress?: (progress: Progress) => void
  /** Told of a copy that has come to its end here, before others are looked for. */
  readonly onEnd: (entity: Entity) => Promise<void>
  readonly signal: AbortSignal
}

/** Takes ranges of whichever copies run, one type at a time, until it is stopped. @throws the reason of the signal. */
export async function work({ entities, onEnd, ...options }: WorkOptions): Promise<never> {
  const { log, signal } = options
  const told = new Map<Entity, string>()
  for (;;) {
    for (const entity of entities) {
      try {
        const part = await joinCopy({ ...options, entity })
        if (part) told.delete(entity)
        if (part?.isEnded) await onEnd(entity)
      } catch (error) {
        signal.throwIfAborted()
        const line = `${entity.name}: ${messageOf(error)}`
        if (told.get(entity) !== line) log?.(line)
        told.set(entity, line)
        await sleep(restMs, undefined, { signal })
      }
    }
    await sleep(lookMs, undefined, { signal })
  }
}
