import { Command } from 'commander'
import type { Entity, Id } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { typeOf } from '../entity/type-of.ts'
import { type ForgetPlace, type Forgotten, forget, forgottenLog } from '../jobs/forget.ts'
import type { Stores } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import { origins } from '../util/origin.ts'
import { printJson, printTable, say, warn } from './output.ts'
import { said } from './said.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly yes?: boolean
  readonly why?: string
  readonly by?: string
  readonly history?: boolean
}

const places: Readonly<Record<ForgetPlace, string>> = {
  findings: 'examples of mismatches, and records that could not be decided',
  conflicts: 'copies that were replaced, by repair as well',
  deadLetters: 'dead letters',
  verifications: 'lines of the last verify',
  dataIssues: 'data issues',
  recordings: 'lines of recordings in this data directory',
}

/** What no command can find, or may take away. */
const outOfReach = [
  'the record itself, and others that name it: delete those through the API',
  'logs, archives of `retire --archive`, and backups of either store, of which PostgreSQL keeps its WAL',
  'recordings of other data directories, and those that were moved away',
  'cursors among the arguments of findings, which hold ids in another form: they expire with the findings',
  'its id where a delete has left one, so that no late write brings the record back, and where a dropped dead letter is noted',
] as const

async function tellPresent(stores: Stores, entity: Entity, id: Id): Promise<void> {
  const held = origins.map(async (origin) => {
    const [image] = await stores[origin].outbox.images(entity, [id])
    return image?.record ? [origin] : []
  })
  const [first, second] = (await Promise.all(held)).flat()
  if (!first) return
  const where = second ? `${first} and ${second}` : first
  warn(`${where} still ${second ? 'have' : 'has'} the record: what is found of it later is kept again.`)
}

async function history(stores: Stores, { name }: Entity, json: boolean): Promise<void> {
  const kept = await stores.postgres.ledger.tail(forgottenLog, 100, name)
  if (json) return printJson(kept.map(({ at, value }) => ({ at, ...(value as object) })))
  if (kept.length === 0) return say(`Nothing of ${name} was forgotten.`)
  const rows = kept.map(({ at, value }) => {
    const { by, why, forgotten } = value as { by: string; why: string; forgotten: Record<string, number> }
    return [at.toISOString(), by, Object.values(forgotten).reduce((all, each) => all + each, 0), why]
  })
  printTable(['at', 'by', 'removed', 'why'], rows)
}

function print(found: Forgotten, removes: boolean): void {
  const rows = Object.entries(places).map(([place, text]) => [found[place as ForgetPlace], text])
  printTable([removes ? 'removed' : 'found', 'of'], rows)
  say('Not reached:')
  for (const text of outOfReach) say(`  ${text}`)
}

/** Takes out what is kept of one record. */
export function forgetCommand(): Command {
  return new Command('forget')
    .description('remove what Crossfade keeps of one record beside itself; without --yes it is counted')
    .addHelpText('before', 'Example:\n  crossfade forget User 59b99db4cfa9a34dcd7885b6 --why "ticket 812" --yes\n')
    .addHelpText('after', `\nNot reached:\n${outOfReach.map((text) => `  ${text}`).join('\n')}`)
    .argument('<type>')
    .argument('[id]')
    .option('--yes', 'remove it')
    .option('--why <text>', 'kept with who did it and how much it was, and without the id; needed with --yes', said)
    .option('--by <name>', 'who asks for it; default: who runs it', said)
    .option('--history', 'who has had how much forgotten of the type, and why')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((type: string, given: string | undefined, options: Options) =>
      withSession(options.config, async ({ config: { entities }, settings, stores }) => {
        const { yes: removes = false, why, by = whoRuns(), json = false } = options
        const entity = typeOf(entities, type)
        if (options.history) return history(stores, entity, json)
        if (given === undefined) throw new CrossfadeError('BAD_USER_INPUT', 'Which record? Give its id.')
        if (removes && !why) throw new CrossfadeError('BAD_USER_INPUT', '--yes needs --why: it is kept.')
        const id = parseId(entity, given)
        await tellPresent(stores, entity, id)
        const found = await forget({ stores, entity, dataDir: settings.CROSSFADE_DATA_DIR, removes }, id)
        if (removes)
          await stores.postgres.ledger.append(forgottenLog, entity.name, { by, why: why!, forgotten: { ...found } })
        if (json) printJson({ type, removed: removes, found })
        else print(found, removes)
      }),
    )
}
