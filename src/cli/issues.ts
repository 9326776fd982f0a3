import { Command } from 'commander'
import type { Entity } from '../entity/entity.ts'
import { typeOf } from '../entity/type-of.ts'
import {
  type AcceptedIssues,
  acceptIssues,
  isOpen,
  isOver,
  issueGroup,
  issueGroups,
} from '../evidence/accepted-issues.ts'
import { retryIssues } from '../jobs/retry-issues.ts'
import type { Stores } from '../routing/routing.ts'
import type { Entry } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import { deadLetters, lettersOf } from './issues/letters.ts'
import { show, showNamed } from './issues/show.ts'
import { printJson, printTable, say } from './output.ts'
import { said } from './said.ts'
import { leaving, untilAborted } from './signals.ts'
import { subcommandsOf } from './subcommands.ts'
import { typesOrAll } from './types-named.ts'
import { untilOf } from './until-of.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

interface AcceptOptions extends Options {
  readonly all?: boolean
  readonly by: string
  readonly why: string
  readonly until?: Date
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

async function list(stores: Stores, entities: readonly Entity[], json: boolean): Promise<void> {
  const letters = await deadLetters(stores)
  print((await Promise.all(entities.map((entity) => rowsOf(stores, entity, letters)))).flat(), json)
}

function standing(accepted: AcceptedIssues): string {
  const { count, by, until } = accepted
  const end = until === null ? '' : isOver(accepted) ? `, over since ${until}` : ` until ${until}`
  return `${count} by ${by}${end}`
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
        accepted === null ? '–' : standing(accepted),
        ids.join(', ') + (count > ids.length ? ', …' : ''),
      ]),
    )
  if (rows.some(isOpen)) process.exitCode = 2
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
      list(stores, typesOrAll(entities, type === undefined ? [] : [type]), json === true),
    ),
  )
  add(
    'show <type> [id]',
    'those of one record, or the first records of one group, which needs no type; with the stored values',
    'crossfade issues show Movie 573a13',
  ).action((type: string, id: string | undefined, { config: file, json }: Options) =>
    withSession(file, ({ config: { entities }, stores }) =>
      id === undefined
        ? showNamed(stores, entities, type, json === true)
        : show(stores, typeOf(entities, type), id, json === true),
    ),
  )
  add(
    'accept <type> [groups...]',
    'says that the type may move although there are so many of each group; more of them are open again',
    'crossfade issues accept Comment 3fa9 --by Ada --why "comments of films that were deleted"',
  )
    .option('--all', 'all groups of the type that are open')
    .requiredOption('--by <name>', 'who says so', said)
    .requiredOption('--why <text>', 'kept with it', said)
    .option('--until <when>', 'when they are open again: 30d, or a date as 2026-12-31; 366 days at most', untilOf)
    .action((type: string, groups: string[], { config: file, json, all, by, why, until }: AcceptOptions) => {
      if ((all === true) === groups.length > 0)
        throw new CrossfadeError(
          'BAD_USER_INPUT',
          'Name the groups that you accept, as `issues list` does, or say --all.',
        )
      return withSession(file, async ({ config: { entities }, stores }) => {
        const words = { by, why, until: until?.toISOString() ?? null }
        const accepted = await acceptIssues(stores.postgres, typeOf(entities, type), all ? null : groups, words)
        if (json) return printJson(accepted)
        if (accepted.length === 0) say(`No data issue of ${type} is open.`)
        for (const { count, path, rule } of accepted) say(`Accepted ${count} of ${type} ${path}: ${rule}.`)
      })
    })
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
