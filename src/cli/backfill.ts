import { Command } from 'commander'
import type { Entity } from '../entity/entity.ts'
import { backfill } from '../jobs/backfill.ts'
import type { Progress } from '../jobs/backfill-options.ts'
import { type CopyControl, controlCopy } from '../jobs/copy-control.ts'
import { type CopyPlan, copyPlan } from '../jobs/copy-standing.ts'
import type { Stores } from '../routing/routing.ts'
import { isCopied, STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'
import { constrainFilled } from './constrain-filled.ts'
import { addCopyOptions, type CopyOptions, copyOptions } from './copy-options.ts'
import { checkGroups, knownFlags } from './known-flags.ts'
import { printJson, say } from './output.ts'
import { ProgressLine } from './progress-line.ts'
import { readingFrom } from './read-preference.ts'
import { leaving, untilAborted } from './signals.ts'
import { typesNamed } from './types-named.ts'
import { wholeNumber } from './whole-number.ts'
import { withSession } from './with-session.ts'

/** To those who copy already. */
interface Said {
  readonly pause?: boolean
  readonly resume?: boolean
  readonly limit?: number
}

interface Options extends Said, CopyOptions {
  readonly dryRun?: boolean
  readonly config?: string
  readonly json?: boolean
}

/** Types whose other store a copy makes equal: those that MongoDB rules, and those whose mirror has begun anew. */
export async function copiedTypes(stores: Stores, entities: readonly Entity[]): Promise<string[]> {
  const types = entities.map(({ name }) => name)
  const flags = await knownFlags(stores)
  return types.filter((type) => {
    const { stage, fresh } = flags.get(type) ?? { stage: 'off', fresh: null }
    return isCopied(stage) || (STAGE_PLAN[stage].mirror !== null && fresh === null)
  })
}

/** What is said to those who copy; null where it is a copy that is asked for. @throws BAD_USER_INPUT without a type. */
function changeOf({ pause, resume, limit }: Said, types: readonly string[]): Partial<CopyControl> | null {
  if (!pause && !resume && limit === undefined) return null
  if (types.length === 0) throw new CrossfadeError('BAD_USER_INPUT', 'Name the types whose copies are meant.')
  if (pause && resume) throw new CrossfadeError('BAD_USER_INPUT', '--pause and --resume exclude each other.')
  return {
    ...(pause || resume ? { isPaused: pause === true } : {}),
    ...(limit === undefined ? {} : { limit: limit === 0 ? null : limit }),
  }
}

/** How many data issues there are, and how they are seen; null where there are none. */
async function issuesLine(stores: Stores, entities: readonly Entity[]): Promise<string | null> {
  const counts = await Promise.all(entities.map((entity) => stores.postgres.dataIssues.counts(entity)))
  const count = counts.flat().reduce((all, each) => all + each.count, 0)
  if (count === 0) return null
  const which = entities.length === 1 ? ` ${entities[0]!.name}` : ''
  const issues = count === 1 ? 'There is 1 data issue' : `There are ${count} data issues`
  return `Backfill is complete. ${issues}: \`crossfade issues list${which}\` shows ${count === 1 ? 'it' : 'them'}.`
}

function planLine({ type, from, to, total, seen }: CopyPlan): string {
  const about = total === null ? 'the records' : `about ${total} records`
  const start = seen === null ? 'from the beginning' : `behind ${seen} that an unfinished copy has seen`
  return `${type}: would copy ${about} of ${from} to ${to}, ${start}; \`crossfade verify ${type}\` tells what differs now`
}

/** Copies what a store with authority has into the other one. */
export function backfillCommand(): Command {
  const command = new Command('backfill')
    .description('make the mirror of a type equal to the store that has authority; can be stopped and run again')
    .addHelpText(
      'before',
      'Examples:\n  crossfade backfill Movie --rate 2000\n  crossfade backfill Movie --workers 2\n',
    )
    .addHelpText('after', '\nExit codes: 0 complete, 1 error, 2 refused, or records were kept out (see `issues list`)')
    .argument(
      '[types...]',
      'default, and `all`: every type in dualwrite or shadow, and those in live or rampdown that were complete',
    )
  return addCopyOptions(command, 0, {
    workers: 'copy so many ranges of ids side by side; 0 leaves all of it to `crossfade worker`',
    range: 'records a range at least, where several copy at a time; default 25000',
  })
    .option('--dry-run', 'tell what would be copied, and write nothing')
    .option('--pause', 'have all who copy the types wait, and do nothing else')
    .option('--resume', 'let them go on')
    .option('--limit <n>', 'documents a second of all who copy the types now; 0 for none', wholeNumber)
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((types: string[], { config, json, dryRun, ...options }: Options) =>
      withSession(config, async ({ config: app, stores }) => {
        const named = typesNamed(app.entities, types).map(({ name }) => name)
        const change = changeOf(options, types)
        if (change && dryRun)
          throw new CrossfadeError('BAD_USER_INPUT', '--dry-run is of a copy: leave out --pause, --resume and --limit.')
        if (change) {
          const { ledger } = stores.postgres
          const meant = named.length > 0 ? named : app.entities.map(({ name }) => name)
          const controls = await Promise.all(meant.map((type) => controlCopy(ledger, type, change)))
          if (json) printJson(controls)
          return
        }
        await checkGroups(stores, app.entities, named.length > 0 ? named : undefined)
        const mirrored = await copiedTypes(stores, app.entities)
        const chosen = app.entities.filter(({ name }) => (named.length === 0 ? mirrored : named).includes(name))
        if (dryRun) {
          const plans = await Promise.all(chosen.map((entity) => copyPlan({ stores, entity })))
          if (json) printJson(plans)
          else for (const plan of plans) say(planLine(plan))
          return
        }
        const results = []
        const { signal } = untilAborted()
        for (const entity of chosen) {
          const line = new ProgressLine(entity.name)
          const onProgress = (progress: Progress): void => line.show(progress)
          results.push(
            await backfill({
              stores: readingFrom(stores, options),
              entity,
              ...copyOptions(options),
              onProgress,
              log: say,
              signal,
            }).catch(leaving('Stopped. Run it again to go on from here.')),
          )
          line.end()
        }
        await constrainFilled(stores, app.entities, signal).catch(
          leaving('Stopped. The records are copied: run it again for references and unique keys.'),
        )
        if (json) printJson(results)
        const issues = await issuesLine(stores, chosen)
        if (!json || issues !== null) say(issues ?? 'Backfill is complete.')
        if (results.some(({ quarantined, refused }) => quarantined + refused > 0)) process.exitCode = 2
      }),
    )
}
