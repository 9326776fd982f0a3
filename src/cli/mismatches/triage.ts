import { type Command, InvalidArgumentError } from 'commander'
import type { MismatchGroup } from '../../stores/findings.ts'
import type { GroupVerdict, Judgement } from '../../stores/triage.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { printJson, say } from '../output.ts'
import { said } from '../said.ts'
import { untilOf } from '../until-of.ts'
import { whoRuns } from '../who-runs.ts'
import { withSession } from '../with-session.ts'
import { kept, named } from './kept.ts'
import { printRules } from './print-groups.ts'
import { recheck } from './recheck.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly by?: string
}

interface JudgeOptions extends Options {
  readonly why: string
  readonly until?: Date
  readonly here?: boolean
}

const verdicts: readonly GroupVerdict[] = ['bug', 'accepted', 'noise']

function verdictOf(text: string): GroupVerdict {
  const verdict = verdicts.find((each) => each === text)
  if (!verdict) throw new InvalidArgumentError(`It must be ${verdicts.join(', ')}.`)
  return verdict
}

/** @throws BAD_USER_INPUT for a rule without an end, and a bug with one. */
function judgementOf(verdict: GroupVerdict, { why, until, here }: JudgeOptions, by: string): Judgement {
  const refuse = (text: string): CrossfadeError => new CrossfadeError('BAD_USER_INPUT', text)
  if (verdict === 'bug') {
    if (until || here)
      throw refuse('A bug makes no rule: it stays open until it is closed. Leave out --until and --here.')
    return { verdict, why, by }
  }
  if (!until) throw refuse(`What is ${verdict} has an end: say --until 30d, or a date.`)
  return { verdict, why, by, until, isHereOnly: here === true }
}

const place = ({ type, path, kind }: MismatchGroup): string => `${type} ${path ? `${path} ` : ''}(${kind})`

function judgedText(group: MismatchGroup): string {
  const { fingerprint, rule } = group
  if (!rule) return `${fingerprint} is a bug: ${place(group)} stays open until it is closed.`
  const where = rule.resolver === null ? `wherever it is read, and for verify` : `where ${rule.resolver} reads it`
  return `${fingerprint} is ${rule.verdict} until ${rule.until.toISOString()}: ${place(group)}, ${where}.`
}

/** What people make of groups. */
export function addTriage(add: (name: string, description: string, example: string) => Command): void {
  const addBy = (command: Command): Command => command.option('--by <name>', 'who says so; default: who runs it', said)

  addBy(
    add(
      'triage <group> <verdict>',
      'says what a group is: a bug, which stays open; or accepted or noise, which is counted apart for a time',
      'crossfade mismatches triage 3fa9 accepted --why "rounded to cents" --until 30d',
    ),
  )
    .addHelpText(
      'after',
      '\nWhat is said of a field holds wherever the type is read, and for `verify`; what is said of anything else, for the\nresolver that the group is of.',
    )
    .requiredOption('--why <text>', 'kept with it', said)
    .option('--until <when>', 'when accepted or noise ends: 30d, or a date as 2026-12-31; 366 days at most', untilOf)
    .option('--here', "for the group's resolver alone")
    .action((prefix: string, verdict: string, { config, json, ...given }: JudgeOptions) =>
      withSession(config, async (session) => {
        const judgement = judgementOf(verdictOf(verdict), given, given.by ?? whoRuns())
        const group = await named(session, session.stores.postgres.triage.judge(prefix, judgement), prefix)
        if (json) printJson(group)
        else say(judgedText(group))
      }),
    )

  addBy(add('assign <group>', 'says who looks after a group', 'crossfade mismatches assign 3fa9 --to Ada'))
    .requiredOption('--to <name>', 'who', said)
    .action((prefix: string, { config, json, by = whoRuns(), to }: Options & { to: string }) =>
      withSession(config, async (session) => {
        const group = await named(session, session.stores.postgres.triage.assign(prefix, to, by), prefix)
        if (json) printJson(group)
        else say(`${group.fingerprint} is assigned to ${to}.`)
      }),
    )

  addBy(
    add(
      'comment <group>',
      'adds to what `show` tells of a group',
      'crossfade mismatches comment 3fa9 --text "since the import of May"',
    ),
  )
    .requiredOption('--text <text>', 'kept with the group', said)
    .action((prefix: string, { config, json, by = whoRuns(), text }: Options & { text: string }) =>
      withSession(config, async (session) => {
        const group = await named(session, session.stores.postgres.triage.comment(prefix, text, by), prefix)
        if (json) printJson(group)
        else say(`Kept with ${group.fingerprint}.`)
      }),
    )

  addBy(
    add(
      'recheck <group>',
      "reads the records of a group's examples in both stores now; exit 2 where not all agree",
      'crossfade mismatches recheck 3fa9 --close',
    ),
  )
    .option('--close', 'closes the group where all of them agree')
    .action((prefix: string, { config, json, by = whoRuns(), close }: Options & { close?: boolean }) =>
      withSession(config, (session) => recheck(session, prefix, by, { close: close === true, json: json === true })),
    )

  addBy(
    add(
      'rules',
      'what is counted apart, by whose word, until when; those that are over too',
      'crossfade mismatches rules --drop 3fa9 --why "it was a bug after all"',
    ),
  )
    .option('--drop <rule>', 'ends a rule now: its groups are open again')
    .option('--why <text>', 'kept with the group that the rule was made for; --drop needs it', said)
    .action(({ config, json, by = whoRuns(), drop, why }: Options & { drop?: string; why?: string }) =>
      withSession(config, async (session) => {
        const { triage } = session.stores.postgres
        if (drop === undefined) {
          const rules = await kept(triage.rules())
          if (json) printJson(rules)
          else if (rules.length === 0) say('There are no rules.')
          else printRules(rules)
          return
        }
        if (why === undefined) throw new CrossfadeError('BAD_USER_INPUT', 'Say --why the rule is dropped.')
        const rule = await named(session, triage.drop(drop, by, why), drop, 'rule', 'rules')
        if (json) printJson(rule)
        else say(`Dropped ${rule.name}: ${rule.type} ${rule.path} (${rule.kind}) is open again.`)
      }),
    )
}
