import type { Coverage } from '../../stores/coverage.ts'
import type { MismatchExample, MismatchGroup } from '../../stores/findings.ts'
import type { KeptRule } from '../../stores/kept-rule.ts'
import type { Note } from '../../stores/triage.ts'
import { tell as line, printTable } from '../output.ts'

const day = (at: Date): string => at.toISOString().slice(0, 10)

/** What was last made of a group. */
function stateOf({ closedAt, reopenedAt, isBug, rule }: MismatchGroup): string {
  if (closedAt) return 'closed'
  if (rule) return `${rule.verdict} until ${day(rule.until)}`
  if (isBug) return 'bug'
  return reopenedAt ? 'came back' : 'open'
}

export function printGroups(groups: readonly MismatchGroup[]): void {
  const rows = groups.map((group) => [
    group.fingerprint,
    group.type,
    group.resolver,
    group.kind,
    group.path,
    group.count,
    group.lastAt.toISOString(),
    stateOf(group),
    group.assignee ?? '–',
  ])
  printTable(['group', 'type', 'read by', 'kind', 'path', 'count', 'last seen', 'state', 'assigned'], rows)
}

const acts: Readonly<Record<Note['act'], string>> = {
  bug: 'called it a bug',
  accepted: 'accepted it',
  noise: 'called it noise',
  dropped: 'dropped the rule',
  assigned: 'assigned it to',
  comment: 'commented',
  closed: 'closed it',
}

function printNotes(notes: readonly Note[]): void {
  for (const { at, by, act, text, until } of notes) {
    const said = act === 'assigned' ? ` ${text}` : `${until ? ` until ${until.toISOString()}` : ''}: ${text}`
    line(`${at.toISOString()}  ${by} ${acts[act]}${said}`)
  }
}

export type Flaps = Pick<Coverage, 'repeated' | 'flapped'>

/** One group, with its counts of the last hours, what was said of it and its examples. */
export function printGroup(
  group: MismatchGroup,
  recent: readonly number[],
  flaps: Flaps | null,
  examples: readonly MismatchExample[],
  notes: readonly Note[],
): void {
  const { type, resolver, kind, path, count, closedAt, closedWhy, reopenedAt, assignee, rule } = group
  line(`${type} ${path} (${kind}), read by ${resolver}: ${count} times, ${examples.length} examples kept`)
  line(`${recent.at(-1)} in this hour, ${recent.reduce((sum, each) => sum + each, 0)} in the last ${recent.length}`)
  if (closedAt) line(`Closed at ${closedAt.toISOString()}: ${closedWhy}`)
  else if (reopenedAt) line(`Came back at ${reopenedAt.toISOString()}; it had been closed: ${closedWhy}`)
  line(
    `State: ${stateOf(group)}${rule ? ` by rule ${rule.name}` : ''}${assignee === null ? '' : `, assigned to ${assignee}`}`,
  )
  if (flaps)
    line(
      `The store that answers differed with itself in ${flaps.flapped} of ${flaps.repeated} times that it was read twice`,
    )
  printNotes(notes)
  for (const { id, at, example } of examples) {
    line('')
    line(`${id ?? '(whole result)'}  ${at.toISOString()}`)
    for (const each of JSON.stringify(example, null, 2).split('\n')) line(each)
  }
}

export function printRules(rules: readonly KeptRule[]): void {
  printTable(
    ['rule', 'type', 'read by', 'kind', 'path', 'says', 'until', 'by', 'why'],
    rules.map(({ name, type, resolver, kind, path, verdict, until, isInForce, by, why }) => [
      name,
      type,
      resolver ?? 'all, and verify',
      kind,
      path,
      verdict,
      `${until.toISOString()}${isInForce ? '' : ' (over)'}`,
      by,
      why,
    ]),
  )
}
