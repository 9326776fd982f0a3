import type { Replayed } from '../../replay/replayed.ts'
import type { DifferenceExample } from '../../replay/tally.ts'
import { printTable, say, tell, warn } from '../output.ts'
import { versionText } from '../version-text.ts'

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

const times = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** What was not compared, a line each; nothing is passed over in silence. */
function* leftOutLines(found: Replayed): Generator<string> {
  const { skipped, leftOut, refusedAlike, undecided, unanswered, ofNothing, unreadable, problems, otherContract } =
    found
  if (otherContract) yield 'Recorded under another contract: what does not fit the one of today is left out.'
  for (const { place, text } of problems) yield `${place}: ${text}`
  if (unreadable + unanswered > problems.length)
    yield `${unreadable + unanswered - problems.length} further such lines.`
  const reasons: [number, string][] = [
    [skipped.mutations, 'mutations were left out: nothing is written.'],
    [skipped.subscriptions, 'subscriptions were left out.'],
    [skipped.tokens, 'ask for a value that was not recorded, since it is sensitive.'],
    [skipped.unfit, 'do not fit the contract of today.'],
    [skipped.others, 'do not select the field.'],
    [refusedAlike, 'are refused by both for the same reason.'],
    [ofNothing, 'of those compared show nothing in both.'],
    [unreadable, 'lines cannot be read.'],
    [unanswered, 'were not answered.'],
    [undecided, 'went on changing, and could not be decided: replay them again when less is written.'],
  ]
  for (const [count, text] of reasons) if (count > 0) yield `${count} ${text}`
  for (const [type, count] of Object.entries(skipped.stale))
    yield `${count} read ${type}, of which one store's copy is not kept equal: see \`crossfade backfill ${type}\`, or give --stale.`
  const lost = Object.entries(leftOut).map(([why, count]) => `${count} ${why}`)
  if (lost.length > 0) yield `Not in the recording: ${lost.join(', ')}.`
}

function printExample({ a, b }: Replayed, { place, at, a: one, b: other, records }: DifferenceExample): void {
  tell(`  ${place}, ${at || 'the whole answer'}`)
  tell(`    ${a}: ${JSON.stringify(one)}`)
  tell(`    ${b}: ${JSON.stringify(other)}`)
  for (const { type, id, paths, versions } of records)
    tell(`    ${type} ${id}: ${paths.join(', ') || 'read by one alone'} (${versions.map(versionText).join(', ')})`)
}

/** What became of a recording, for people. */
export function printReplayed(found: Replayed): void {
  const { a, b, compared, equal, different, groups, times: timed } = found
  if (timed.length > 0)
    printTable(
      ['operation', 'runs', 'differ', `${a} p50`, 'p99', `${b} p50`, 'p99'],
      timed.map((each) => [
        each.operation,
        each.runs,
        each.different,
        ...[each.a.p50, each.a.p99, each.b.p50, each.b.p99].map(ms),
      ]),
    )
  for (const { operation, path, kind, count, examples } of groups) {
    tell('')
    tell(`${operation} ${path || '(the whole answer)'}: ${kind}, ${times(count, 'time')}`)
    for (const example of examples) printExample(found, example)
  }
  for (const line of leftOutLines(found)) say(line)
  const text = `${times(compared, 'operation')} compared between ${a} and ${b}: ${equal} equal, ${different} different.`
  if (compared > 0) say(text)
  else warn(`${text} Nothing is known of the others.`)
}
