import { setTimeout as sleep } from 'node:timers/promises'
import type { Entity, Id, Rec } from '../../src/entity/entity.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { origins } from '../../src/util/origin.ts'
import type { Broken } from '../model/checks.ts'
import { compareStores } from '../support/compare-stores.ts'
import appConfig from './app/crossfade.config.ts'
import { checked } from './checks.ts'
import { commanded } from './command.ts'
import type { Operation, TypeName } from './operations.ts'
import type { Setting } from './setting.ts'

export const { entities } = appConfig

export interface Left {
  readonly broken: readonly Broken[]
  /** Every way in which the two stores differ, in words. */
  readonly different: readonly string[]
  readonly compared: number
  readonly conflicts: readonly string[]
  /** What nobody has settled, in words. */
  readonly owed: readonly string[]
}

interface Status {
  readonly type: string
  readonly owed: number | null
  readonly deadLetters: number | null
}

/** Time for the sweeps of all gateways, in milliseconds. */
const settleMs = 180_000

/** What `mirror status` owes, and what puts and deletes have left unseen in MongoDB. */
async function owedNow({ env, direct }: Setting): Promise<string[]> {
  const status = JSON.parse(await commanded(['mirror', 'status', '--json'], env)) as Status[]
  const told = status
    .filter(({ owed, deadLetters }) => owed !== 0 || deadLetters !== 0)
    .map(({ type, owed, deadLetters }) => `${type}: ${owed} owed, ${deadLetters} dead letters`)
  const unsettled = {
    $or: ['pending', 'arriving', 'deleted', 'parked'].map((key) => ({ [`_cf.${key}`]: { $ne: null } })),
  }
  const unseen = await Promise.all(
    entities.map(async (entity) => {
      const count = await direct.mongo.connection.collection(entity).countDocuments(unsettled)
      return count === 0 ? [] : [`${entity.name}: ${count} unsettled in mongo`]
    }),
  )
  return [...told, ...unseen.flat()]
}

async function settled(setting: Setting, log: (line: string) => void): Promise<string[]> {
  let owed: string[] = []
  for (const end = performance.now() + settleMs; performance.now() < end; await sleep(500)) {
    const now = await owedNow(setting)
    if (now.length === 0) return now
    if (now.join() !== owed.join()) log(now.join('; '))
    owed = now
  }
  return owed
}

async function all({ direct }: Setting, entity: Entity): Promise<ReadonlyMap<Id, Rec>> {
  const records = new Map<Id, Rec>()
  let after: Id | null = null
  do {
    const scanned = await direct.postgres.reader.scan(entity, { after, limit: 500 })
    for (const { id, record } of scanned.images) if (record) records.set(id, record)
    after = scanned.next
  } while (after !== null)
  return records
}

/** Waits until nothing is owed, and holds what is left against what clients were told. */
export async function judge(
  setting: Setting,
  operations: readonly Operation[],
  log: (line: string) => void,
): Promise<Left> {
  const owed = await settled(setting, log)
  const { direct } = setting
  const compared = await Promise.all(entities.map((entity) => compareStores(direct, entity)))
  const records = Object.fromEntries(
    await Promise.all(entities.map(async (entity) => [entity.name, await all(setting, entity)] as const)),
  ) as Record<TypeName, ReadonlyMap<Id, Rec>>
  const kept = await Promise.all(origins.map((origin) => direct[origin].ledger.tail(conflictLog, 1_000)))
  return {
    broken: checked(operations, records),
    different: compared.flatMap(({ different }) => different),
    compared: compared.reduce((sum, each) => sum + each.compared, 0),
    conflicts: kept.flat().map(({ key, value }) => `${key}: ${JSON.stringify(value)}`),
    owed,
  }
}
