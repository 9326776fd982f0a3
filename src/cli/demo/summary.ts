import type { Drifted } from '../../demo/drift.ts'
import type { RunningGateway } from '../../gateway/start-gateway.ts'
import { everything } from '../../query/where.ts'
import { STAGE_PLAN } from '../../stage/stage.ts'
import type { Mismatch } from '../../stores/findings.ts'
import type { Session } from '../session.ts'

async function typeSummary({ config, stores }: Session, { routing }: RunningGateway, type: string) {
  const entity = config.entities.find(({ name }) => name === type)!
  const { stage } = routing.flags.get(type)
  const { reads, compared, matched, empty, lag, indeterminate, diverged, failed, outages } =
    routing.shadow.statistics.of(type)
  const issues = await stores.postgres.dataIssues.counts(entity)
  const backlog = await stores[STAGE_PLAN[stage].authority].outbox.backlog(entity)
  return {
    stage,
    documents: await stores.mongo.documents(entity),
    rows: await stores.postgres.reader.count(entity, everything),
    dataIssues: issues.reduce((sum, { count }) => sum + count, 0),
    issues,
    reads,
    compared,
    matched,
    empty,
    lag,
    indeterminate,
    diverged,
    failed,
    outages,
    mutations: routing.mirror.acknowledged.get(type) ?? 0,
    mirrored: routing.mirror.confirmed.get(type) ?? 0,
    pending: backlog.count,
  }
}

export type Summary = Awaited<ReturnType<typeof summarise>>

/** What the demo saw. `found` comes from what shadow reads reported and from nothing else. */
export async function summarise(
  session: Session,
  gateway: RunningGateway,
  drifted: readonly Drifted[],
  reported: readonly Mismatch[],
  began: number,
) {
  const { config, servers } = session
  const seeded = new Set(drifted.map(({ type, id }) => `${type}/${id}`))
  const seen = new Set(reported.map(({ type, id, resolver }) => `${type}/${id ?? resolver}`))
  const groups = new Map<string, { type: string; resolver: string; kind: string; path: string; count: number }>()
  for (const { fingerprint, type, resolver, kind, path } of reported) {
    const group = groups.get(fingerprint) ?? { type, resolver, kind, path, count: 0 }
    group.count++
    groups.set(fingerprint, group)
  }
  const types = await Promise.all(
    config.entities.map(async ({ name }) => [name, await typeSummary(session, gateway, name)] as const),
  )
  const { mongo, postgres } = servers
  return {
    stores: {
      mongo: { name: mongo.name, version: mongo.version },
      postgres: { name: postgres.name, version: postgres.version },
    },
    types: Object.fromEntries(types),
    drift: {
      seeded: seeded.size,
      found: [...seeded].filter((key) => seen.has(key)).length,
      /** Reported, but not seeded: a real difference between the stores. */
      unexpected: [...seen].filter((key) => !seeded.has(key)).length,
    },
    mismatchGroups: [...groups.values()].sort((a, b) => b.count - a.count),
    elapsedMs: Math.round(performance.now() - began),
  }
}

interface Shown {
  readonly drift: Pick<Summary['drift'], 'seeded' | 'found' | 'unexpected'>
  readonly mismatchGroups: Summary['mismatchGroups']
  readonly types: Readonly<
    Record<
      string,
      Pick<Summary['types'][string], 'documents' | 'rows' | 'dataIssues' | 'compared' | 'matched' | 'empty'>
    >
  >
}

/** The summary in plain words. */
export function summaryLines({ drift, mismatchGroups, types }: Shown): string[] {
  const more = mismatchGroups.length - 10
  return [
    '',
    ...Object.entries(types).map(
      ([name, { documents, rows, dataIssues, compared, matched, empty }]) =>
        `${name}: ${documents} documents, ${rows} rows, ${dataIssues} data issues; ${compared} reads compared, ${matched + empty} equal`,
    ),
    '',
    `Shadow reads found ${drift.found} of the ${drift.seeded} records that were changed, and ${drift.unexpected} other differences:`,
    ...mismatchGroups
      .slice(0, 10)
      .map(
        ({ type, resolver, kind, path, count }) =>
          `  ${type}.${path || '*'}  ${kind}, read by ${resolver}, ${count} times`,
      ),
    ...(more > 0 ? [`  … and ${more} more groups`] : []),
  ]
}

/** Commands that show more of it, for the type that the app names first. */
export function furtherLines({ types }: Pick<Shown, 'types'>, config: string | undefined): string[] {
  const [first] = Object.keys(types)
  const option = config === undefined ? '' : ` --config ${config}`
  const commands = ['mismatches list', 'mismatches show <group>', `evidence ${first} --to live`]
  return [
    'Look closer, in another terminal of this folder:',
    ...commands.map((command) => `  npm run -s crossfade -- ${command}${option}`),
  ]
}
