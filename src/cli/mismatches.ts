import { Command } from 'commander'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { measureAnew } from '../evidence/measured-anew.ts'
import { latencies } from '../shadow/latency.ts'
import type { Findings, MismatchGroup } from '../stores/findings.ts'
import { CrossfadeError } from '../util/errors.ts'
import { latencyColumns, latencyHead } from './latency-columns.ts'
import { kept, named } from './mismatches/kept.ts'
import { list } from './mismatches/list.ts'
import { type Flaps, printGroup } from './mismatches/print-groups.ts'
import { addTriage } from './mismatches/triage.ts'
import { printJson, printTable, say } from './output.ts'
import { said } from './said.ts'
import type { Session } from './session.ts'
import { subcommandsOf } from './subcommands.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

interface LatencyOptions {
  readonly reset?: boolean
  readonly why?: string
  readonly by?: string
}

async function latency(findings: Findings, json: boolean): Promise<void> {
  const measured = latencies(await findings.timings(), await findings.failures(), 'resolver')
  if (json) return printJson(measured)
  if (measured.length === 0) return say('Nothing was compared yet.')
  const rows = measured.map((each) => [each.type, each.resolver ?? '', each.postgres.reads, ...latencyColumns(each)])
  printTable(['type', 'read by', 'reads', ...latencyHead], rows)
}

/** How often the store that answers differed with itself where a group is; null where it was not read twice there. */
async function flapsOf({ config, stores }: Session, { type, resolver, path }: MismatchGroup): Promise<Flaps | null> {
  const entity = config.entities.find(({ name }) => name === type)
  const rows = entity ? await stores.postgres.findings.coverage(type, mappingDigest(entity), 0) : []
  const { repeated = 0, flapped = 0 } = rows.find((each) => each.resolver === resolver && each.path === path) ?? {}
  return repeated > 0 ? { repeated, flapped } : null
}

async function show(session: Session, prefix: string, json: boolean): Promise<void> {
  const { findings, triage } = session.stores.postgres
  const { group, examples } = await named(session, findings.show(prefix), prefix)
  const notes = await triage.notes(group.fingerprint)
  const flaps = await flapsOf(session, group)
  const recent = (await findings.recent([group.fingerprint], 24)).get(group.fingerprint)!
  if (json) printJson({ group, recent, flaps, notes, examples })
  else printGroup(group, recent, flaps, examples, notes)
}

/** What shadow reads found. */
export function mismatchesCommand(): Command {
  const mismatches = new Command('mismatches').description('what shadow reads found')
  const add = subcommandsOf(mismatches)
  add(
    'list',
    'groups, most frequent first, those that rules cover apart; what could not be decided; reads that a store did not answer',
    'crossfade mismatches list',
  )
    .option('--closed', 'the groups that were closed instead of those that are open')
    .action(({ config, json, closed }: Options & { closed?: boolean }) =>
      withSession(config, ({ stores }) => kept(list(stores.postgres.findings, closed === true, json === true))),
    )
  add(
    'show <group>',
    'one group: what was said of it, and examples, the newest first (one a record, at most 20 are kept)',
    'crossfade mismatches show 3fa9',
  ).action((group: string, { config, json }: Options) =>
    withSession(config, (session) => kept(show(session, group, json === true))),
  )
  add(
    'close <group>',
    'says that a group is dealt with; seen again, it comes back as new',
    'crossfade mismatches close 3fa9 --why "repaired by hand"',
  )
    .requiredOption('--why <text>', 'kept with the group', said)
    .option('--by <name>', 'who says so; default: who runs it', said)
    .action((group: string, { config, json, why, by = whoRuns() }: Options & { why: string; by?: string }) =>
      withSession(config, async (session) => {
        const closing = session.stores.postgres.findings.close(group, why, by)
        const closed = await named(session, closing, group, 'group that is not closed')
        if (json) printJson(closed)
        else say(`Closed ${closed.fingerprint}: ${closed.type} ${closed.path} (${closed.kind}), ${closed.count} times.`)
      }),
    )
  addTriage(add)
  add('latency', 'what both stores took for the same reads, by type and resolver', 'crossfade mismatches latency')
    .option('--reset', 'forget what was measured so far, since it is of another time: an index was missing')
    .option('--why <text>', 'of --reset, which is kept; the gate of latency shows it', said)
    .option('--by <name>', 'who resets it; default: who runs this', said)
    .action(({ config, json, reset, why, by = whoRuns() }: Options & LatencyOptions) => {
      if (reset && why === undefined)
        throw new CrossfadeError(
          'BAD_USER_INPUT',
          'Say why the times are forgotten: --why is kept, and shown as evidence.',
        )
      return withSession(config, async ({ stores: { postgres } }) => {
        if (!reset) return kept(latency(postgres.findings, json === true))
        await kept(measureAnew(postgres, { by, why: why! }))
        say('Forgotten. Gateways measure on.')
      })
    })
  return mismatches
}
