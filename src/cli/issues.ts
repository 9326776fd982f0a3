import { Command } from 'commander'
import { hidden } from '../compare/differences.ts'
import type { Entity } from '../entity/entity.ts'
import { hides, hidesAny } from '../entity/hides.ts'
import { typeOf } from '../entity/type-of.ts'
import { type AcceptedIssues, acceptIssues, issueGroup, issueGroups } from '../evidence/accepted-issues.ts'
import { retryIssues } from '../jobs/retry-issues.ts'
import { type DeadLetter, deadLetterKind, parseDeadLetter } from '../mirror/dead-letters.ts'
import { idIn } from '../mirror/record-key.ts'
import type { Stores } from '../routing/routing.ts'
import type { Entry } from '../stores/ledger.ts'
import type { DataIssue } from '../stores/postgres/data-issues.ts'
import { origins } from '../util/origin.ts'
import { printJson, printTable, say } from './output.ts'
import { leaving, untilAborted } from './signals.ts'
import { subcommandsOf } from './subcommands.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

/** One kind of issue of one type. */
interface Row {
  readonly type: string
  readonly path: string
  readonly rule: string
  readonly count: number
  /** The first of them. */
  readonly ids: readonly string[]
  /** What `issues accept` names them by; null of records that cannot be mirrored. */
  readonly group: string | null
  readonly accepted: AcceptedIssues | null
}

interface Letter extends DeadLetter {
  readonly id: string
}

/** One that another version of the gateway wrote: the record is kept out all the same, until a sweep has tried it. */
const unknownForm: DeadLetter = {
  reason: 'kept in a form that this version does not know; the next sweep tries it',
  by: [],
  version: 'unknown',
  tries: 0,
  next: 0,
}

/** Of all types, in both stores. */
async function deadLetters(stores: Stores): Promise<Entry[]> {
  return (await Promise.all(origins.map((origin) => stores[origin].ledger.list(deadLetterKind)))).flat()
}

function lettersOf(entity: Entity, kept: readonly Entry[]): Letter[] {
  return kept.flatMap((entry) => {
    const id = idIn(entity, entry.key)
    if (id === null) return []
    const letter = parseDeadLetter(entry) ?? unknownForm
    return [{ ...letter, id }]
  })
}

async function rowsOf(stores: Stores, entity: Entity, kept: readonly Entry[]): Promise<Row[]> {
  const type = entity.name
  const found = (await issueGroups(stores.postgres, entity)).map((group) => ({ type, ...group }))
  const byReason = Map.groupBy(lettersOf(entity, kept), ({ reason }) => reason)
  const letters = [...byReason].map(([reason, of]) => {
    const ids = of.slice(0, 5).map(({ id }) => id)
    return { type, path: '(cannot be mirrored)', rule: reason, count: of.length, ids, group: null, accepted: null }
  })
  return [...letters, ...found]
}

/** What may be seen of a value; of documents without a record all of it is kept. */
function shown(entity: Entity, { path, raw }: DataIssue): string {
  const isWhole = path === '_id'
  return (isWhole ? hidesAny(entity) : hides(entity, path)) ? hidden : raw
}

async function list(stores: Stores, entities: readonly Entity[], json: boolean): Promise<void> {
  const letters = await deadLetters(stores)
  print((await Promise.all(entities.map((entity) => rowsOf(stores, entity, letters)))).flat(), json)
}

function print(rows: readonly Row[], json: boolean): void {
  if (json) printJson(rows)
  else if (rows.length === 0) say('There are no issues.')
  else
    printTable(
      ['group', 'type', 'path', 'rule', 'count', 'accepted', 'ids'],
      rows.map(({ group, type, path, rule, count, accepted, ids }) => [
        group ?? '–',
        type,
        path,
        rule,
        count,
        accepted === null ? '–' : `${accepted.count} by ${accepted.by}`,
        ids.join(', ') + (count > ids.length ? ', …' : ''),
      ]),
    )
  if (rows.some(({ accepted, count }) => accepted === null || count > accepted.count)) process.exitCode = 2
}

async function show(stores: Stores, entity: Entity, id: string, json: boolean): Promise<void> {
  // An id of another kind is kept as Extended JSON: a text in quotes
  const kept = await Promise.all([id, JSON.stringify(id)].map((each) => stores.postgres.dataIssues.of(entity, each)))
  const issues = kept.flat().map((issue) => ({
    ...issue,
    raw: shown(entity, issue),
  }))
  const letter = lettersOf(entity, await deadLetters(stores)).find((each) => each.id === id) ?? null
  if (json) printJson({ type: entity.name, id, issues, deadLetter: letter })
  else if (issues.length === 0 && letter === null) say(`${entity.name} ${id} has no issues.`)
  if (!json && letter) {
    const next = new Date(letter.next).toISOString()
    process.stdout.write(
      `cannot be mirrored: ${letter.reason} (version ${letter.version}, tried ${letter.tries} times, next at ${next})\n`,
    )
  }
  if (!json)
    for (const { path, rule, raw, at } of issues)
      process.stdout.write(`${path}: ${rule} (${at.toISOString()})\n  ${raw}\n`)
  if (issues.length > 0 || letter !== null) process.exitCode = 2
}

/** What could not be carried, and which records cannot be mirrored. */
export function issuesCommand(): Command {
  const issues = new Command('issues').description(
    'values that could not be carried, and records that cannot be mirrored',
  )
  const add = subcommandsOf(issues)
  add(
    'list [type]',
    'by type, path and rule, with ids; exit 2 while there are any that nobody has accepted',
    'crossfade issues list Movie',
  ).action((type: string | undefined, { config: file, json }: Options) =>
    withSession(file, ({ config: { entities }, stores }) =>
      list(stores, type === undefined ? entities : [typeOf(entities, type)], json === true),
    ),
  )
  add('show <type> <id>', 'those of one record, with the stored values', 'crossfade issues show Movie 573a13').action(
    (type: string, id: string, { config: file, json }: Options) =>
      withSession(file, ({ config: { entities }, stores }) => show(stores, typeOf(entities, type), id, json === true)),
  )
  add(
    'accept <type> <groups...>',
    'says that the type may move although there are so many of each group; more of them are open again',
    'crossfade issues accept Comment 3fa9 --by Ada --why "comments of films that were deleted"',
  )
    .requiredOption('--by <name>', 'who says so')
    .requiredOption('--why <text>', 'kept with it')
    .action((type: string, groups: string[], { config: file, json, by, why }: Options & { by: string; why: string }) =>
      withSession(file, async ({ config: { entities }, stores }) => {
        const accepted = await acceptIssues(stores.postgres, typeOf(entities, type), groups, { by, why })
        if (json) return printJson(accepted)
        for (const { count, path, rule } of accepted) say(`Accepted ${count} of ${type} ${path}: ${rule}.`)
      }),
    )
  add(
    'retry <type> [group]',
    'looks again after data or the mapping has changed: carries what can be carried by now, and ends its issues',
    'crossfade issues retry Movie 3fa9',
  ).action((type: string, group: string | undefined, { config: file, json }: Options) =>
    withSession(file, async ({ config: { entities }, stores }) => {
      const entity = typeOf(entities, type)
      const among = group === undefined ? null : await issueGroup(stores.postgres, entity, group)
      const { signal } = untilAborted()
      const { looked, put, undecided } = await retryIssues(
        { stores, entity, entities, among, log: say, signal },
        whoRuns(),
      ).catch(leaving(`Stopped. What was looked at is done: \`crossfade issues retry ${type}\` looks at the rest.`))
      const left = await rowsOf(stores, entity, await deadLetters(stores))
      if (!json) say(`${looked} looked at, ${put} records put.`)
      if (!json && undecided > 0)
        say(`${undecided} are on their way to the mirror, which ends their issues: see \`crossfade mirror status\``)
      print(left, json === true)
    }),
  )
  return issues
}
