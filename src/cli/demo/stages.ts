import { readFlag } from '../../control/flag-store.ts'
import { setStage } from '../../control/move.ts'
import { flagMembers } from '../../entity/flag-key.ts'
import { missingIndexes } from '../../evidence/index-parity.ts'
import { backfill } from '../../jobs/backfill.ts'
import { buildIndexes } from '../../jobs/build-indexes.ts'
import { ensureConstraints } from '../../jobs/ensure-constraints.ts'
import { moveOptions } from '../../jobs/move-options.ts'
import { contractOrders } from '../../resolve/contract-orders.ts'
import { stages } from '../../stage/stage.ts'
import { copiedTypes } from '../backfill.ts'
import { ProgressLine } from '../progress-line.ts'
import type { Session } from '../session.ts'

/** Brings every type to shadow, by the steps of a real move: dualwrite, backfill, indexes, then shadow. Later stages stay. */
export async function moveToShadow(session: Session, showProgress: boolean): Promise<void> {
  const { config, stores } = session
  const options = moveOptions({ entities: session.config.entities, stores: session.stores, log: () => undefined })
  const stageOf = async (type: string): Promise<number> =>
    stages.indexOf((await readFlag(stores.mongo.ledger, type))?.flag.stage ?? 'off')
  const keys = [...flagMembers(config.entities).keys()]
  for (const type of keys)
    if ((await stageOf(type)) === 0)
      await setStage(options, { type, stage: 'dualwrite', why: 'demo', noOtherWriters: true })
  const copied = await copiedTypes(stores, config.entities)
  for (const entity of config.entities.filter(({ name }) => copied.includes(name))) {
    const line = showProgress ? new ProgressLine(entity.name) : null
    await backfill({ stores, entity, onProgress: (progress) => line?.show(progress) })
    line?.end()
  }
  await ensureConstraints(stores, config.entities)
  const orders = contractOrders(config.schema, config.entities)
  for (const entity of config.entities) {
    const missing = await missingIndexes(stores, entity, orders.get(entity.name) ?? [])
    await buildIndexes(stores.postgres, missing, () => undefined)
  }
  for (const type of keys)
    if ((await stageOf(type)) === 1) await setStage(options, { type, stage: 'shadow', samplePercent: 100, why: 'demo' })
}
