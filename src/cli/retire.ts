import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Entity } from '../entity/entity.ts'
import { abandonment, type Retirement, retirement } from '../jobs/retire.ts'
import { archive } from '../stores/mongo/archive.ts'
import { dropBookkeeping, dropOurIndexes, removeTraces } from '../stores/mongo/traces.ts'
import { unlessAborted } from '../util/aborted.ts'
import { CrossfadeError } from '../util/errors.ts'
import { printJson, say } from './output.ts'
import { RateLine } from './rate-line.ts'
import type { Session } from './session.ts'
import { leaving, untilAborted } from './signals.ts'
import { typesOrAll } from './types-named.ts'
import { upToTenThousand } from './up-to-ten-thousand.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly archive?: string
  readonly abandon?: boolean
  readonly remove?: boolean
  readonly watch: number
  readonly json?: boolean
}

function print({ type, unmet, unknown, traces, leftovers }: Retirement): void {
  const line = (text: string): void => void process.stdout.write(`${type}: ${text}\n`)
  for (const each of unmet) line(`stands against it: ${each}`)
  for (const each of unknown) line(`cannot be seen from here: ${each}`)
  const { documents, deleted, arriving, tombstones, indexes } = traces
  line(`MongoDB keeps bookkeeping in ${documents} documents, ${tombstones} tombstones and ${indexes.length} indexes`)
  if (deleted + arriving > 0) line(`${deleted + arriving} documents that readers leave out go with it`)
  for (const each of leftovers) line(`has no use any more: ${each}`)
}

/** They stay where another type of the collection goes on to need them. */
async function abandonIndexes({ stores, config }: Session, entity: Entity, chosen: readonly Entity[]): Promise<void> {
  const stays = config.entities.find((other) => other.mongo === entity.mongo && !chosen.includes(other))
  if (!stays) return void (await dropOurIndexes(stores.mongo.connection, entity))
  say(`${entity.name}: the indexes of bookkeeping stay for ${stays.name}, which is in the same collection.`)
}

async function look(
  { stores, config: { entities } }: Session,
  chosen: readonly Entity[],
  { abandon, watch }: Options,
  signal: AbortSignal,
): Promise<Retirement[]> {
  const found: Retirement[] = []
  for (const entity of chosen) {
    const asked = { stores, entity, entities, watchMs: watch * 1_000, signal }
    found.push(await (abandon ? abandonment(asked) : retirement(asked)))
  }
  return found
}

const standsAgainst = ({ unmet }: Retirement): boolean => unmet.length > 0

/** Looks once more, and says what has come in between. */
async function mayGoNow(session: Session, entity: Entity, options: Options, signal: AbortSignal): Promise<boolean> {
  const [now] = await unlessAborted(signal, look(session, [entity], options, signal)).catch(
    leaving('Stopped. Run it again to go on from here.'),
  )
  if (!now || !standsAgainst(now)) return true
  for (const each of now.unmet) say(`${entity.name}: stands against it by now: ${each}. Nothing of it was removed.`)
  process.exitCode = 2
  return false
}

async function remove(
  session: Session,
  entity: Entity,
  chosen: readonly Entity[],
  abandon: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { stores } = session
  const { connection } = stores.mongo
  const line = new RateLine('retire', entity.name)
  const onProgress = (done: number): void => line.show({ done, total: null }, {})
  await unlessAborted(signal, removeTraces(connection, entity, { signal, onProgress })).catch(
    leaving('Stopped. Run it again to go on from here.'),
  )
  line.end()
  if (abandon) await abandonIndexes(session, entity, chosen)
  else await stores.postgres.ledger.append('retired', entity.name, { at: new Date().toISOString() })
  say(`${entity.name}: nothing of Crossfade is left in the documents of ${entity.mongo}.`)
}

/** Takes a type, or all of Crossfade, out of MongoDB. */
export function retireCommand(): Command {
  return new Command('retire')
    .description('what can be taken away of a type that is complete; with --remove takes bookkeeping out of MongoDB')
    .addHelpText(
      'before',
      'Examples:\n  crossfade retire Movie\n  crossfade retire Movie --archive movies.json --remove\n  crossfade retire all --abandon --remove\n',
    )
    .addHelpText('after', '\nExit codes: 0 done, or nothing stands against it, 1 error, 2 something does')
    .argument('<type>', 'or `all`')
    .option('--archive <file>', 'first write the documents to a new file, as mongoexport does; of one type')
    .option('--remove', 'take the bookkeeping out of the documents, and the tombstones away')
    .option('--abandon', 'of types that are off: the indexes too, and with `all` the collections of bookkeeping')
    .option('--watch <seconds>', 'how long to look whether somebody writes the collection', upToTenThousand, 10)
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action((type: string, options: Options) =>
      withSession(options.config, async (session) => {
        const { archive: file, abandon = false, json } = options
        const { config, stores } = session
        const chosen = typesOrAll(config.entities, [type])
        if (file !== undefined && chosen.length !== 1)
          throw new CrossfadeError('BAD_USER_INPUT', '--archive writes one file: name one type.')
        const { signal } = untilAborted()
        const found = await unlessAborted(signal, look(session, chosen, options, signal)).catch(
          leaving('Stopped: nothing was written.'),
        )
        if (json) printJson(found)
        else for (const each of found) print(each)
        if (found.some(standsAgainst)) {
          process.exitCode = 2
          return
        }
        if (file !== undefined) {
          const writing = archive(stores.mongo.connection, chosen[0]!, resolve(file), { signal })
          const { documents, unsound } = await unlessAborted(signal, writing).catch(
            leaving(`Stopped: there is no ${file}, and nothing was removed.`),
          )
          say(`${type}: ${documents} documents are in ${file}.`)
          if (unsound > 0) say(`${unsound} of them have texts that are not UTF-8, which JSON cannot hold.`)
        }
        if (!options.remove) return
        for (const entity of chosen) {
          // The archive, or other types, may have taken hours
          const wasJustSeen = file === undefined && entity === chosen[0]
          if (!wasJustSeen && !(await mayGoNow(session, entity, options, signal))) return
          await remove(session, entity, chosen, abandon, signal)
        }
        if (abandon && type === 'all') await dropBookkeeping(stores.mongo.connection)
      }),
    )
}
