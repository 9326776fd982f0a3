import { ledgersOf, readCopies } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { flagKeyOf } from '../../src/entity/flag-key.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import { STAGE_PLAN, type Stage, stages } from '../../src/stage/stage.ts'
import { tellsOfTrouble } from '../../src/stores/failure.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { begin, type Setting } from './instances.ts'
import { modelStores } from './model-stores.ts'
import type { Place } from './world.ts'

/** Runs one command in a place of its own, as an operator would; it may be refused, and may be killed. */
export function command(setting: Setting, name: string, work: (run: Commands) => Promise<unknown>): Place {
  const { world, network, servers, log } = setting
  const place = world.place(name, 1 + (world.random.next() - 0.5) / 50, (world.random.next() - 0.5) * 600_000)
  begin(setting, place, async () => {
    try {
      await work(commandsOf(setting))
      log(`${name}: done`)
    } catch (error) {
      if (!(error instanceof CrossfadeError || tellsOfTrouble(modelStores(network, servers), error))) throw error
      log(`${name}: ${error}`)
    } finally {
      place.dead = true
    }
  })
  return place
}

export interface Commands {
  stage(): Promise<Stage | null>
  set(stage: Stage, readPercent: number): Promise<unknown>
  copy(): Promise<unknown>
  /** Takes authority from a store that does not answer. */
  force(stage: Stage): Promise<unknown>
}

function commandsOf({ network, servers, entities, log }: Setting): Commands {
  const stores = modelStores(network, servers)
  const options = moveOptions({ entities, stores, log })
  const type = flagKeyOf(entities[0]!)
  return {
    stage: async () => (await readCopies(ledgersOf(stores), type)).flag?.stage ?? null,
    set(stage, readPercent) {
      log(`set ${stage}`)
      return setStage(options, { type, stage, readPercent, samplePercent: 0, noOtherWriters: true })
    },
    force(stage) {
      log(`force ${stage}`)
      return setStage(options, { type, stage, force: true, why: 'the store is gone', noOtherWriters: true })
    },
    async copy() {
      log('copy')
      for (const entity of entities) await backfill({ stores, entity, batch: 3, log })
    },
  }
}

/** The next step that an operator might take: most often one stage to or fro. */
async function wander(setting: Setting, run: Commands): Promise<void> {
  const { random } = setting.world
  const stage = await run.stage()
  if (stage === null) return
  const readPercent = random.chance(0.3) ? 50 : 0
  // A type that nothing is mirrored of is of little use here
  if (STAGE_PLAN[stage].mirror === null && random.chance(0.8)) {
    await run.set(stage === 'off' ? 'dualwrite' : 'rampdown', 0)
    if (random.chance(0.9)) await run.copy()
    return void (await run.set(stage === 'off' ? 'shadow' : 'live', readPercent))
  }
  if (STAGE_PLAN[stage].mirror !== null && random.chance(0.2)) return void (await run.copy())
  // To and fro between the two that move authority, most often
  const moved = stage === 'shadow' ? 'live' : stage === 'live' ? 'shadow' : null
  if (moved && random.chance(0.7)) return void (await run.set(moved, readPercent))
  const next = stages.indexOf(stage) + (random.chance(0.5) ? 1 : -1)
  const to = stages[Math.min(stages.length - 1, Math.max(0, next))]!
  await run.set(to, readPercent)
  if (STAGE_PLAN[to].mirror !== null && random.chance(0.6)) await run.copy()
}

/** All the way to PostgreSQL, or back: what is deleted in `off` leaves no tombstone. */
async function toAndFro(_: Setting, run: Commands): Promise<void> {
  const stage = await run.stage()
  if (stage === 'live') {
    for (const next of ['shadow', 'dualwrite', 'off'] as const) await run.set(next, 0)
    return
  }
  if (stage === 'off') await run.set('dualwrite', 0)
  await run.copy()
  for (const next of ['shadow', 'live'] as const) await run.set(next, 0)
}

/** What operators do, by name. */
export const ways = { wander, toAndFro }
