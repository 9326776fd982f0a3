import { differences } from '../../src/compare/differences.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { type Conflict, conflictLog, parseConflict } from '../../src/mirror/conflicts.ts'
import { STAGE_PLAN, type Stage } from '../../src/stage/stage.ts'
import type { Logged } from '../../src/stores/ledger.ts'
import type { Image, Store } from '../../src/stores/store.ts'
import { formatVersion } from '../../src/stores/version.ts'
import { brokenBy, halvedBy } from './checks.ts'
import { begin, forget, type Setting } from './instances.ts'
import { modelStores } from './model-stores.ts'
import { ids } from './operations.ts'
import { described, flagOf, isMirrored } from './truth.ts'

/** What became of one history. */
export interface Judged {
  /** Promises that were broken, in words; none is what is wanted. */
  readonly broken: readonly string[]
  readonly operations: number
  readonly acknowledged: number
  /** That servers took. */
  readonly messages: number
  /** Commands that change a stage, or copy. */
  readonly moves: number
  readonly conflicts: number
}

async function all({ reader }: Store, entity: Entity): Promise<Map<unknown, Image>> {
  const { images } = await reader.scan(entity, { after: null, limit: 1_000 })
  return new Map(images.map((image) => [image.id, image]))
}

/** Each way in which the two stores' copies of a record differ. */
function unequal(entity: Entity, id: unknown, mongo: Image | undefined, postgres: Image | undefined): string[] {
  if (!mongo || !postgres) return mongo || postgres ? [`${id} is only in ${mongo ? 'mongo' : 'postgres'}`] : []
  if (differences(allFields(entity), mongo.record!, postgres.record!).length > 0)
    return [`${id} is ${JSON.stringify(mongo.record)} in mongo, ${JSON.stringify(postgres.record)} in postgres`]
  const versions = [mongo, postgres].map(({ version }) => formatVersion(version))
  return versions[0] === versions[1] ? [] : [`${id} is at ${versions[0]} in mongo, at ${versions[1]} in postgres`]
}

async function look({ network, servers, entities, operations, broken }: Setting): Promise<number> {
  const stores = modelStores(network, servers)
  const { stage, fresh } = flagOf(servers)
  const [docs, twins] = await Promise.all(
    entities.map(async (entity) => {
      const [mongo, postgres] = [await all(stores.mongo, entity), await all(stores.postgres, entity)]
      if (fresh !== null && isMirrored(servers))
        for (const id of ids) broken.push(...unequal(entity, id, mongo.get(id), postgres.get(id)))
      return STAGE_PLAN[stage].authority === 'mongo' ? mongo : postgres
    }),
  )
  for (const id of ids) {
    const [doc, twin] = [docs, twins].map((left) => left?.get(id)?.record ?? null)
    const found = [...brokenBy(operations, id, doc!), ...(twins ? halvedBy(operations, id, doc!, twin!) : [])]
    broken.push(...found.map(({ text }) => text))
  }
  const tail = async (log: string): Promise<readonly Logged[]> =>
    (await Promise.all([stores.mongo, stores.postgres].map(({ ledger }) => ledger.tail(log, 1_000)))).flat()
  const changes = (await tail('stage')).map(({ value }) => value as { readonly to: Stage; readonly epoch: number })
  const kept = (await tail(conflictLog)).map(parseConflict)
  const ends = changes.filter(({ to }) => STAGE_PLAN[to].mirror === null).map(({ epoch }) => epoch)
  const ended = Math.max(0, ...ends)
  // Left over from before a mirror ended: nobody kept it, and what was deleted since has left no tombstone
  const isLeftOver = ({ version, authority }: Conflict): boolean =>
    authority === 'none' || Math.max(...[version, authority].map((of) => Number(of.split('.')[0]))) < ended
  return kept.filter((conflict) => !conflict || !isLeftOver(conflict)).length
}

/** Holds what is left against what clients were told. */
export async function judge(setting: Setting, moves: number): Promise<Judged> {
  const { world, network, servers, operations, broken } = setting
  let conflicts: number | null = null
  begin(setting, world.place('judge'), async () => {
    conflicts = await look(setting)
  })
  if (!(await world.run(world.now + 10_000, () => conflicts !== null))) broken.push('the stores could not be read')
  for (const line of described(servers)) setting.log(line)
  forget(setting)
  return {
    broken,
    operations: operations.length,
    acknowledged: operations.filter(({ outcome }) => outcome === 'ok').length,
    messages: network.messages,
    moves,
    conflicts: conflicts ?? 0,
  }
}
