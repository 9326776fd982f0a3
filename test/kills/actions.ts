import { ledgersOf, readCopies } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import type { Id } from '../../src/entity/entity.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import { increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { STAGE_PLAN, type Stage } from '../../src/stage/stage.ts'
import type { Image, Stamp } from '../../src/stores/store.ts'
import { type Origin, otherOrigin } from '../../src/util/origin.ts'
import { Account, account, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'

/** Where a type's writes go now. */
export async function home(stores: Stores): Promise<{ from: Origin; stage: Stage; stamp: Stamp }> {
  const { flag } = await readCopies(ledgersOf(stores), 'Account')
  const { authority, mirror } = STAGE_PLAN[flag!.stage]
  return { from: authority, stage: flag!.stage, stamp: { epoch: flag!.epoch, owed: mirror !== null } }
}

export const move = (stores: Stores, stage: Stage): Promise<unknown> =>
  setStage(moveOptions({ entities: [Account], stores, log: () => undefined }), {
    type: 'Account',
    stage,
    noOtherWriters: true,
  })

/** A write as a gateway makes it: acknowledged, put into the mirror, its mark cleared. */
async function written(stores: Stores, write: (from: Origin, stamp: Stamp) => Promise<Image | null>, told: () => void) {
  const { from, stamp } = await home(stores)
  const image = await write(from, stamp)
  told()
  if (!image) return
  const [outcome] = await stores[otherOrigin(from)].replica.bulkPut(Account, [image], anyEpoch)
  if (outcome?.put !== 'applied') return
  const { id, version, record } = image
  await stores[from].outbox.clear(Account, [{ id, version, deleted: record === null }])
}

/** Moves that keep a mirror, to and fro. */
const next: Readonly<Partial<Record<Stage, Stage>>> = {
  dualwrite: 'live',
  shadow: 'live',
  live: 'shadow',
  rampdown: 'shadow',
}

/** What `together` makes beside a record. */
export const pairOf = (id: Id): string => `${id}-pair`

/** What is cut off. `id` is a record that is there, or is to be made; `told` says that a client knows. */
export const actions = {
  create: (stores: Stores, id: Id, told: () => void) =>
    written(stores, (from, stamp) => stores[from].authority.create(Account, account(String(id)), stamp), told),
  patch: (stores: Stores, id: Id, told: () => void) =>
    written(
      stores,
      (from, stamp) => stores[from].authority.patch(Account, id, planPatch(Account, { visits: increment(1) }), stamp),
      told,
    ),
  delete: (stores: Stores, id: Id, told: () => void) =>
    written(stores, (from, stamp) => stores[from].authority.delete(Account, id, stamp), told),
  /** Two records in one transaction: the one that is there, and one that is made. */
  together: (stores: Stores, id: Id, told: () => void) =>
    written(
      stores,
      (from, stamp) =>
        stores[from].authority.together(
          async (steps) => {
            const image = await steps.patch(Account, id, planPatch(Account, { visits: increment(1) }), stamp)
            await steps.create(Account, account(pairOf(id)), stamp)
            return image
          },
          () => undefined,
        ),
      told,
    ),
  sweep: async (stores: Stores) => sweepOnce(stores as never, (await home(stores)).from),
  move: async (stores: Stores) => move(stores, next[(await home(stores)).stage]!),
  copy: (stores: Stores) => backfill({ stores, entity: Account, batch: 1 }),
} as const satisfies Readonly<Record<string, (stores: Stores, id: Id, told: () => void) => Promise<unknown>>>

export type Action = keyof typeof actions
