import { times } from '../control/times.ts'
import type { Id } from '../entity/entity.ts'
import { keepConflict } from '../mirror/conflicts.ts'
import type { Image, PutOutcome } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { type BackfillOptions, type Checkpoint, neverMoved } from './checkpoint.ts'
import { overtaken } from './overtaken.ts'
import { unequalPaths } from './unequal.ts'

/**
 * Records that a put left as they were, since their version is as high or higher: equal ones are done; of others the
 * copy goes to conflicts, and the authority's record is put above it.
 *
 * @returns what became of those others, by id.
 */
async function mend({ stores, entity, log }: BackfillOptions, from: Origin, under: number, late: readonly Image[]) {
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const mended = new Map<Id, PutOutcome>()
  if (late.length === 0) return mended
  const ids = late.map(({ id }) => id)
  const copies = new Map((await target.outbox.images(entity, ids)).map((image) => [image.id, image]))
  for (const image of late) {
    const copy = copies.get(image.id)
    const order = copy && compareVersions(copy.version, image.version)
    if (copy && copy.version.epoch > under) throw overtaken(entity.name)
    if (!copy || order! < 0 || (order === 0 && unequalPaths(entity, copy, image).length === 0)) continue
    // A write through a gateway may have reached both between the two reads
    const [present] = await source.outbox.images(entity, [image.id])
    if (!present || compareVersions(present.version, image.version) !== 0) continue
    if (order! > 0 && unequalPaths(entity, copy, present).length === 0 && copy.record !== null) {
      // The record lost its version and nothing else
      if (!(await source.authority.restamp(entity, image.id, present.version, copy.version))) continue
    } else if (!(await keepConflict({ stores, log: (_, line) => log?.(line) }, entity, from, present, copy))) continue
    const [outcome] = await target.replica.bulkPut(entity, await source.outbox.images(entity, [image.id]), under)
    if (outcome) mended.set(image.id, outcome)
  }
  return mended
}

/** Why a record is kept out, for its data issue; null where it is not. */
function refusalOf(outcome: PutOutcome): string | null {
  if (outcome.put === 'refused') return outcome.reason
  return outcome.put === 'blocked' ? `${outcome.constraint} is held by ${outcome.by.join(', ')}` : null
}

/** Copies the records behind the checkpoint. */
export async function copyBatch(options: BackfillOptions, at: Checkpoint, limit: number): Promise<Checkpoint> {
  const { stores, entity } = options
  const { from } = at
  const under = at.epoch ?? neverMoved
  const { [from]: source, [otherOrigin(from)]: target } = stores
  for (;;) {
    const began = performance.now()
    const { images, quarantined, odd, next } = await source.reader.scan(entity, { after: at.after, limit })
    if (performance.now() - began > times.image && limit > 1) {
      limit = Math.ceil(limit / 2)
      continue
    }
    const outcomes = await target.replica.bulkPut(entity, images, under)
    if (outcomes.some(({ put }) => put === 'overtaken')) throw overtaken(entity.name)
    const late = images.filter((_, index) => outcomes[index]!.put === 'late')
    const mended = await mend(options, from, under, late)
    const keptOut = images.flatMap(({ id }, index) => {
      const rule = refusalOf(mended.get(id) ?? outcomes[index]!)
      return rule === null ? [] : [{ id, issues: [{ path: '(record)', rule, raw: '' }] }]
    })
    if (keptOut.length > 0)
      await source.authority.owe(
        entity,
        keptOut.map(({ id }) => id),
      )
    if (from === 'mongo') {
      const { dataIssues } = stores.postgres
      if (quarantined.length > 0) await dataIssues.quarantine(entity, quarantined)
      const ids = images.map(({ id }) => id)
      await dataIssues.keepOut(entity, ids, keptOut)
    }
    const batch = { isFirst: at.after === null, isLast: next === null, odd }
    return {
      ...at,
      survey: from === 'mongo' ? await stores.mongo.survey(entity, at.survey, batch) : null,
      after: next,
      phase: next === null ? 'remove' : 'copy',
      seen: at.seen + images.length + quarantined.length,
      copied: at.copied + outcomes.filter(({ put }) => put === 'applied').length,
      mended: at.mended + [...mended.values()].filter(({ put }) => put === 'applied').length,
      quarantined: at.quarantined + quarantined.length,
      refused: at.refused + keptOut.length,
    }
  }
}
