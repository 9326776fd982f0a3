import { Command, InvalidArgumentError } from 'commander'
import { unmetEvidence } from '../admin/unmet-evidence.ts'
import type { Flag, Returned } from '../control/flag.ts'
import { note } from '../control/flag-history.ts'
import { noFlag } from '../control/flag-store.ts'
import { liveInstances } from '../control/instances.ts'
import { isKilled } from '../control/kill-file.ts'
import { lostFlag } from '../control/lost-flag.ts'
import { type MoveOptions, setStage } from '../control/move.ts'
import { checkAll } from '../control/move-gates.ts'
import { resetStage } from '../control/reset.ts'
import { flagMembers } from '../entity/flag-key.ts'
import { flagKeyNamed, typeOf } from '../entity/type-of.ts'
import { forewarnings } from '../jobs/forewarnings.ts'
import { moveOptions } from '../jobs/move-options.ts'
import { type Latency, latencies } from '../shadow/latency.ts'
import { isCopied, STAGE_PLAN, type Stage } from '../stage/stage.ts'
import type { Findings } from '../stores/findings.ts'
import { CrossfadeError } from '../util/errors.ts'
import { origins, otherOrigin } from '../util/origin.ts'
import { fromEither } from './from-either.ts'
import { allKnown, checkGroups, knownFlags } from './known-flags.ts'
import { latencyColumns, latencyHead } from './latency-columns.ts'
import { printJson, printTable, say, warn } from './output.ts'
import { said } from './said.ts'
import type { Session } from './session.ts'
import { addKill, tellKilled } from './stage-kill.ts'
import { stageOf } from './stage-of.ts'
import { subcommandsOf } from './subcommands.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

interface SetOptions extends Options {
  readonly reads?: number
  readonly sample?: number
  readonly why?: string
  readonly force?: boolean
  readonly otherWriters: boolean
  readonly desired?: boolean
}

function percent(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 100)) throw new InvalidArgumentError('It must be between 0 and 100.')
  return value
}

interface Moved {
  /** Of the flag. */
  readonly key: string
  /** The types that go by it. */
  readonly members: readonly string[]
}

/** The flags that a type, a group or `all` stands for; says where others move with the one that was named. */
async function movedBy({ config: { entities }, stores }: Session, name: string): Promise<Moved[]> {
  const all = [...flagMembers(entities)].map(([key, members]) => ({ key, members }))
  const wanted = name === 'all' ? all : all.filter(({ key }) => key === flagKeyNamed(entities, name))
  await checkGroups(
    stores,
    entities,
    wanted.flatMap(({ members }) => members),
  )
  for (const { key, members } of wanted)
    if (members.includes(name) && key !== name) say(`${name} moves with its group ${key}: ${members.join(', ')}`)
  return wanted
}

/** As a list shows it: a group with its types. */
const shownKey = ({ type, members }: Flag): string =>
  members.length === 1 && members[0] === type ? type : `${type} (${members.join(', ')})`

/** Which store answers, and how many reads the other one does. */
function answersText({ stage, readPercent }: Flag): string {
  const { reads, candidate } = STAGE_PLAN[stage]
  return candidate === null || readPercent === 0 ? reads : `${reads}, ${candidate} ${readPercent} %`
}

/** As a change tells it. */
function flagText(flag: Flag): string {
  const { type, stage, epoch, samplePercent } = flag
  const compared = STAGE_PLAN[stage].candidate === null ? 'nothing is compared' : `${samplePercent} % compared`
  return `${type}: ${stage}, epoch ${epoch}, reads from ${answersText(flag)}, ${compared}`
}

/** Why reads of a type do not go to the other store any more, and what sends them there again. */
const returnedText = (type: string, { at, why, readPercent }: Returned): string =>
  `${type}: its reads were taken back at ${at}: ${why}. \`crossfade stage set ${type} --reads ${readPercent}\` moves them again.`

const isElsewhere = ({ stage, desired }: Flag): boolean => Boolean(desired?.stage) && desired?.stage !== stage

const desiredText = ({ type, stage, desired }: Flag): string =>
  `${type}: ${desired?.stage} is desired, and ${stage} is in force: \`crossfade stage set ${type} --desired\` moves it.`

/** What gateways that live have to say of the provider of flags, each line once. */
async function alertsOf(stores: Session['stores']): Promise<string[]> {
  const instances = (await fromEither(stores, ({ ledger }) => liveInstances(ledger))).flat()
  const byLine = new Map<string, Set<string>>()
  for (const { id, alerts } of instances)
    for (const alert of alerts) byLine.set(alert, (byLine.get(alert) ?? new Set()).add(id))
  return [...byLine].map(([line, { size }]) => `${line} (told by ${size} of the gateways); the last good value stays.`)
}

/** @throws BAD_USER_INPUT where no provider has asked for a stage. */
async function desiredStage({ stores }: Session, key: string): Promise<Stage> {
  const flag = [...(await knownFlags(stores)).values()].find(({ type }) => type === key)
  if (flag?.desired?.stage) return flag.desired.stage
  const remedy = 'Name the stage, or see `flags` in docs/settings.md'
  throw new CrossfadeError('BAD_USER_INPUT', `No provider of flags asks for a stage of ${key}. ${remedy}.`)
}

/** Of each type; empty where PostgreSQL, which keeps it, cannot be asked: the flags are told all the same. */
async function measuredLatency(findings: Findings): Promise<Latency[]> {
  try {
    return latencies(await findings.timings(), await findings.failures(), 'type')
  } catch {
    return []
  }
}

/** While MongoDB has authority, and PostgreSQL follows, what it takes must fit both. */
async function forewarn({ config, stores }: Session, stage: Stage, types: readonly string[]): Promise<void> {
  if (!isCopied(stage)) return
  const entities = config.entities.filter(({ name }) => types.includes(name))
  for (const line of await forewarnings(stores.mongo, entities)) warn(line)
}

/** What a reset does not look at any more of a type, a line each. */
async function forgotten({ config, stores }: Session, type: string): Promise<string[]> {
  const entity = typeOf(config.entities, type)
  const backlogs = await Promise.all(
    origins.map(async (origin) => [origin, await stores[origin].outbox.backlog(entity)] as const),
  )
  return backlogs.flatMap(([origin, { count }]) =>
    count > 0 ? [`${type}: ${count} writes are marked as owed in ${origin}; nobody mirrors them now`] : [],
  )
}

/** What a reset has decided, unseen, about records that differ. */
function leftAside({ stage }: Flag, members: readonly string[]): string {
  const { authority } = STAGE_PLAN[stage]
  const left = `what ${otherOrigin(authority)} has and ${authority} lacks stays there, and is not shown`
  const names = members.join(' ')
  return `${names}: ${left}: \`crossfade verify ${names}\` names it, and the next copy keeps it in conflicts`
}

const noSubject =
  'A share of reads is that of so many who ask, and no `subject` in the configuration says who that is: see docs/reads.md.'

/** The flags. */
export function stageCommand(): Command {
  const stage = new Command('stage').description('which store answers, and which is written, for each type')
  const add = subcommandsOf(stage)
  add('list', 'the flag of every type', 'crossfade stage list').action(({ config, json }: Options) =>
    withSession(config, async ({ config: app, stores }) => {
      // Beside each other: on call nobody waits for a store that hangs three times
      const [{ byType: flags, lost }, measured, alerts] = await Promise.all([
        allKnown(stores),
        measuredLatency(stores.postgres.findings),
        alertsOf(stores),
      ])
      const known = [...new Set(app.entities.flatMap(({ name }) => flags.get(name) ?? []))]
      if (known.length === 0) throw noFlag(...app.entities.map(({ name }) => name))
      const latencyOf = (type: string): Latency | undefined => measured.find((each) => each.type === type)
      for (const line of alerts) warn(line)
      for (const flag of lost) warn(lostFlag(flag))
      const killed = await tellKilled(stores)
      const isOff = ({ type, members }: Flag): boolean => isKilled(killed, [type, ...members])
      if (json)
        return printJson(
          known.map((flag) => ({ ...flag, isKilled: isOff(flag), latency: latencyOf(flag.type) ?? null })),
        )
      const rows = known.map((flag) => [
        shownKey(flag),
        flag.stage,
        isOff(flag) ? `${flag.state}, killed` : flag.state,
        flag.epoch,
        answersText(flag),
        STAGE_PLAN[flag.stage].candidate === null ? '–' : `${flag.samplePercent} %`,
        flag.fresh === null ? '–' : `epoch ${flag.fresh}`,
        flag.desired?.stage ?? '–',
        ...latencyColumns(latencyOf(flag.type)),
      ])
      printTable(
        ['type', 'stage', 'state', 'epoch', 'reads', 'compared', 'kept since', 'desired', ...latencyHead],
        rows,
      )
      for (const { type, returned } of known) if (returned) warn(returnedText(type, returned))
      for (const flag of known) if (isElsewhere(flag)) say(desiredText(flag))
    }),
  )
  add(
    'set <type> [stage]',
    'change the stage, read percentage or sample rate of a type, or of a group; `all` for every type',
    'crossfade stage set Movie shadow --sample 10',
  )
    .option('--reads <percent>', 'share of reads that already go to the other store', percent)
    .option('--sample <percent>', 'share of reads that are compared', percent)
    .option('--why <text>', 'kept in the history', said)
    .option('--force', 'although gates are not met; needs --why')
    .option('--desired', 'to the stage that the provider of flags asks for')
    .option('--no-other-writers', 'nobody but gateways writes to the type, or will from now on')
    .action(async (type: string, to: string | undefined, options: SetOptions) => {
      const { config, json, reads, sample, why, force, otherWriters, desired } = options
      if (force && !why)
        throw new CrossfadeError('BAD_USER_INPUT', '--force needs --why: the history tells who took what risk.')
      if (desired && to !== undefined)
        throw new CrossfadeError('BAD_USER_INPUT', 'Give a stage, or --desired, and not both.')
      const named = to === undefined ? undefined : stageOf(to)
      await withSession(config, async (session) => {
        const { entities, subject } = session.config
        if (reads && reads < 100 && !subject) throw new CrossfadeError('BAD_USER_INPUT', noSubject)
        /** @param tell of gates that are met. */
        const going = (tell: (line: string) => void): MoveOptions =>
          moveOptions({
            entities,
            stores: session.stores,
            log: say,
            evidence: unmetEvidence(session.config, session.stores, tell),
          })
        await tellKilled(session.stores)
        const moved: (Moved & { readonly stage: Stage | undefined })[] = []
        for (const each of await movedBy(session, type))
          moved.push({ ...each, stage: desired ? await desiredStage(session, each.key) : named })
        if (moved.length > 1 && !force)
          await checkAll(
            going(() => undefined),
            moved.flatMap(({ key, stage }) => (stage ? { type: key, stage } : [])),
          )
        const options = going(say)
        for (const { key, members, stage } of moved) {
          if (stage) await forewarn(session, stage, members)
          const flag = await setStage(options, {
            type: key,
            stage,
            readPercent: reads,
            samplePercent: sample,
            why: why ?? null,
            force: force ?? false,
            noOtherWriters: !otherWriters,
            by: whoRuns(),
          })
          if (json) printJson(flag)
          else say(flagText(flag))
        }
      })
    })
  add(
    'reset <type>',
    'give a type a stage whatever its flags say: after stores were restored, or copied to another place; `all` for every type',
    'crossfade stage reset Movie --stage off --why "restored from a dump"',
  )
    .requiredOption('--stage <stage>', 'off, most often: one with a mirror is not believed before a copy')
    .requiredOption('--why <text>', 'kept in the history', said)
    .action((type: string, { config, json, stage: to, why }: Options & { stage: string; why: string }) =>
      withSession(config, async (session) => {
        const stage = stageOf(to)
        const { stores } = session
        const options = moveOptions({ entities: session.config.entities, stores, log: say })
        for (const { key, members } of await movedBy(session, type)) {
          for (const name of members) for (const line of await forgotten(session, name)) say(line)
          const flag = await resetStage(options, key, stage)
          await note(options, null, flag, { why, force: true })
          if (json) printJson(flag)
          else say(`${key}: ${flag.stage}, epoch ${flag.epoch}`)
          say(leftAside(flag, members))
        }
      }),
    )
  add('history [type]', 'who changed what, newest first', 'crossfade stage history Movie').action(
    (type: string | undefined, { config, json }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        // Of a type that has changed groups, what it went through by itself as well
        const keys =
          type === undefined || type === 'all' ? [undefined] : [...new Set([type, flagKeyNamed(entities, type)])]
        const found = await Promise.all(
          keys.map((key) => fromEither(stores, ({ ledger }) => ledger.tail('stage', 100, key))),
        )
        const entries = found.flat(2).sort((a, b) => b.at.getTime() - a.at.getTime())
        if (json) return printJson(entries)
        for (const { at, key, value } of entries)
          process.stdout.write(`${at.toISOString()}  ${key}  ${JSON.stringify(value)}\n`)
      }),
  )
  addKill(stage)
  return stage
}
