import { times } from '../control/times.ts'
import { type BackfillOptions, type Checkpoint, neverMoved } from './checkpoint.ts'
import { putImages } from './put-images.ts'

/** Copies the records behind the checkpoint. */
export async function copyBatch(options: BackfillOptions, at: Checkpoint, limit: number): Promise<Checkpoint> {
  const { stores, entity } = options
  const { from } = at
  for (;;) {
    const began = performance.now()
    const { images, quarantined, odd, next } = await stores[from].reader.scan(entity, { after: at.after, limit })
    if (performance.now() - began > times.image && limit > 1) {
      limit = Math.ceil(limit / 2)
      continue
    }
    const { copied, mended, keptOut } = await putImages(options, from, at.epoch ?? neverMoved, images)
    if (from === 'mongo' && quarantined.length > 0) await stores.postgres.dataIssues.quarantine(entity, quarantined)
    const batch = { isFirst: at.after === null, isLast: next === null, odd }
    return {
      ...at,
      survey: from === 'mongo' ? await stores.mongo.survey(entity, at.survey, batch) : null,
      after: next,
      phase: next === null ? 'remove' : 'copy',
      seen: at.seen + images.length + quarantined.length,
      copied: at.copied + copied,
      mended: at.mended + mended,
      quarantined: at.quarantined + quarantined.length,
      refused: at.refused + keptOut.length,
    }
  }
}
