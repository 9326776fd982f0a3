import { Command } from 'commander'
import { told } from '../gateway/told.ts'
import { latencies } from '../shadow/latency.ts'
import type { Failures, Findings, MismatchGroup, Undecided, UndecidedReason, VerdictCount } from '../stores/findings.ts'
import { CrossfadeError } from '../util/errors.ts'
import { latencyColumns, latencyHead } from './latency-columns.ts'
import { printJson, printTable, say } from './output.ts'
import { subcommandsOf } from './subcommands.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

/** In words, what each reason means to who reads the list. */
const reasons: Record<UndecidedReason, string> = {
  owed: 'the mirror is owed a write: see `crossfade mirror status`',
  changing: 'it looked otherwise each time',
  unread: 'a store did not answer the second look',
  'no room': 'too many others were being looked at: lower the sample',
}

const noGroup = (group: string, which = 'group'): CrossfadeError =>
  new CrossfadeError('BAD_USER_INPUT', `No one ${which} begins with ${group}; see \`crossfade mismatches list\`.`)

function printGroups(groups: readonly MismatchGroup[]): void {
  const rows = groups.map(({ fingerprint, type, resolver, kind, path, count, lastAt, closedAt, reopenedAt }) => [
    fingerprint,
    type,
    resolver,
    kind,
    path,
    count,
    lastAt.toISOString(),
    closedAt ? 'closed' : reopenedAt ? 'came back' : 'open',
  ])
  printTable(['group', 'type', 'read by', 'kind', 'path', 'count', 'last seen', 'state'], rows)
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `2 d`, `5 h`, `17 min`, `3 s`. */
function inWords(ms: number): string {
  const [unit, size] = units.find(([, length]) => ms >= length) ?? units[3]
  return `${Math.floor(ms / size)} ${unit}`
}

function printUndecided(undecided: readonly Undecided[]): void {
  process.stdout.write('\nDifferences that could not be decided:\n')
  const rows = undecided.map(({ type, reason, count, id, owedMs, lastAt }) => [
    type,
    reasons[reason],
    count,
    owedMs === null ? '' : `${inWords(owedMs)} (${id})`,
    lastAt.toISOString(),
  ])
  printTable(['type', 'why', 'count', 'owed longest', 'last seen'], rows)
}

function printOutages(outages: readonly Failures[]): void {
  process.stdout.write('\nReads that a store could not be asked, or did not answer in time; these are no mismatches:\n')
  const rows = outages.map(({ type, resolver, store, reason, count, lastAt }) => [
    type,
    resolver,
    store,
    reason,
    count,
    lastAt.toISOString(),
  ])
  printTable(['type', 'read by', 'store', 'reason', 'count', 'last seen'], rows)
}

const verdicts = ['matched', 'lag', 'indeterminate', 'diverged', 'failed', 'outages', 'shed'] as const

function printVerdicts(counts: readonly VerdictCount[]): void {
  process.stdout.write('\nComparisons by how they ended:\n')
  const rows = [...Map.groupBy(counts, ({ type }) => type)].map(([type, of]) => [
    type,
    ...verdicts.map((verdict) => of.find((each) => each.verdict === verdict)?.count ?? 0),
  ])
  printTable(['type', ...verdicts], rows)
}

async function list(findings: Findings, closed: boolean, json: boolean): Promise<void> {
  const groups = await findings.groups(closed)
  const undecided = await findings.undecided()
  const outages = await findings.failures('outage')
  const counts = await findings.verdicts()
  if (json) return printJson({ groups, undecided, outages, verdicts: counts })
  if (groups.length > 0) printGroups(groups)
  else say(closed ? 'No group is closed.' : 'Shadow reads have found no difference.')
  if (undecided.length > 0) printUndecided(undecided)
  if (outages.length > 0) printOutages(outages)
  if (counts.length > 0) printVerdicts(counts)
}

async function show(findings: Findings, prefix: string, json: boolean): Promise<void> {
  const found = await findings.show(prefix)
  if (!found) throw noGroup(prefix)
  if (json) return printJson(found)
  const { type, resolver, kind, path, count, closedAt, closedWhy, reopenedAt } = found.group
  process.stdout.write(
    `${type} ${path} (${kind}), read by ${resolver}: ${count} times, ${found.examples.length} examples kept\n`,
  )
  if (closedAt) process.stdout.write(`Closed at ${closedAt.toISOString()}: ${closedWhy}\n`)
  else if (reopenedAt)
    process.stdout.write(`Came back at ${reopenedAt.toISOString()}; it had been closed: ${closedWhy}\n`)
  for (const { id, at, example } of found.examples) {
    process.stdout.write(`\n${id ?? '(whole result)'}  ${at.toISOString()}\n${JSON.stringify(example, null, 2)}\n`)
  }
}

async function latency(findings: Findings, json: boolean): Promise<void> {
  const measured = latencies(await findings.timings(), await findings.failures(), 'resolver')
  if (json) return printJson(measured)
  if (measured.length === 0) return say('Nothing was compared yet.')
  const rows = measured.map((each) => [each.type, each.resolver ?? '', each.postgres.reads, ...latencyColumns(each)])
  printTable(['type', 'read by', 'reads', ...latencyHead], rows)
}

/** Findings are kept in PostgreSQL alone. @throws UNAVAILABLE that says so where it does not answer. */
async function kept<T>(ask: Promise<T>): Promise<T> {
  try {
    return await ask
  } catch (error) {
    const line = told(error)
    if (line === null) throw error
    throw new CrossfadeError('UNAVAILABLE', `Findings are kept in PostgreSQL alone. ${line}`)
  }
}

/** What shadow reads found. */
export function mismatchesCommand(): Command {
  const mismatches = new Command('mismatches').description('what shadow reads found')
  const add = subcommandsOf(mismatches)
  add(
    'list',
    'groups, most frequent first; what could not be decided; reads that a store did not answer',
    'crossfade mismatches list',
  )
    .option('--closed', 'the groups that were closed instead of those that are open')
    .action(({ config, json, closed }: Options & { closed?: boolean }) =>
      withSession(config, ({ stores }) => kept(list(stores.postgres.findings, closed === true, json === true))),
    )
  add(
    'show <group>',
    'one group with examples, the newest first (one a record, at most 20 are kept)',
    'crossfade mismatches show 3fa9',
  ).action((group: string, { config, json }: Options) =>
    withSession(config, ({ stores }) => kept(show(stores.postgres.findings, group, json === true))),
  )
  add(
    'close <group>',
    'says that a group is dealt with; seen again, it comes back as new',
    'crossfade mismatches close 3fa9 --why "repaired by hand"',
  )
    .requiredOption('--why <text>', 'kept with the group')
    .action((group: string, { config, json, why }: Options & { why: string }) =>
      withSession(config, async ({ stores }) => {
        const closed = await kept(stores.postgres.findings.close(group, why))
        if (!closed) throw noGroup(group, 'open group')
        if (json) printJson(closed)
        else say(`Closed ${closed.fingerprint}: ${closed.type} ${closed.path} (${closed.kind}), ${closed.count} times.`)
      }),
    )
  add('latency', 'what both stores took for the same reads, by type and resolver', 'crossfade mismatches latency')
    .option('--reset', 'forget what was measured so far, since it is of another time: an index was missing')
    .action(({ config, json, reset }: Options & { reset?: boolean }) =>
      withSession(config, async ({ stores }) => {
        if (!reset) return kept(latency(stores.postgres.findings, json === true))
        await kept(stores.postgres.findings.clearTimings())
        say('Forgotten. Gateways measure on.')
      }),
    )
  return mismatches
}
