import { verdicts } from '../../shadow/statistics.ts'
import type { Failures, Findings, Undecided, UndecidedReason, VerdictCount } from '../../stores/findings.ts'
import { printJson, printTable, say } from '../output.ts'
import { printGroups } from './print-groups.ts'

/** In words, what each reason means to who reads the list. */
const reasons: Record<UndecidedReason, string> = {
  owed: 'the mirror is owed a write: see `crossfade mirror status`',
  changing: 'it looked otherwise each time',
  unread: 'a store did not answer the second look',
  'no room': 'too many others were being looked at: lower the sample',
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

/** Of reads that were compared, and that were not. */
const endings = [...verdicts, 'outages', 'shed'] as const

function printVerdicts(counts: readonly VerdictCount[]): void {
  process.stdout.write('\nComparisons by how they ended:\n')
  const rows = [...Map.groupBy(counts, ({ type }) => type)].map(([type, of]) => [
    type,
    ...endings.map((verdict) => of.find((each) => each.verdict === verdict)?.count ?? 0),
  ])
  printTable(['type', ...endings], rows)
}

/** What shadow reads found and could not decide, and how comparisons ended. */
export async function list(findings: Findings, closed: boolean, json: boolean): Promise<void> {
  const groups = await findings.groups(closed ? 'closed' : 'open')
  const covered = closed ? [] : await findings.groups('covered')
  const undecided = await findings.undecided()
  const outages = await findings.failures('outage')
  const counts = await findings.verdicts()
  if (json) return printJson({ groups, covered, undecided, outages, verdicts: counts })
  if (groups.length > 0) printGroups(groups)
  else if (closed) say('No group is closed.')
  else say(covered.length > 0 ? 'No difference is open.' : 'Shadow reads have found no difference.')
  if (covered.length > 0) {
    process.stdout.write('\nCounted apart, by rules (`crossfade mismatches rules`):\n')
    printGroups(covered)
  }
  if (undecided.length > 0) printUndecided(undecided)
  if (outages.length > 0) printOutages(outages)
  if (counts.length > 0) printVerdicts(counts)
}
