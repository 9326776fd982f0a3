import { Command, Option } from 'commander'
import { shownRecord } from '../compare/canonical.ts'
import type { Entity } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { typeOf } from '../entity/type-of.ts'
import { type Closed, copyOf, type KeptConflict, keptConflicts } from '../mirror/kept-conflicts.ts'
import type { Stores } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import { printJson, say, tell } from './output.ts'
import { resolveConflict } from './resolve-conflict.ts'
import { said } from './said.ts'
import { subcommandsOf } from './subcommands.ts'
import { upToTenThousand } from './up-to-ten-thousand.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

interface ListOptions extends Options {
  readonly all?: boolean
  readonly id?: string
  readonly limit: number
}

/** One that another version of the gateway wrote: that there was a copy is told, and none of what may be hidden. */
const unknownForm = {
  mirror: 'a store',
  version: 'unknown',
  authority: 'unknown',
  record: '(kept in a form that this version does not know)',
}

/** What may be shown of it; null where it is gone by now. */
async function shown(stores: Stores, entity: Entity, kept: KeptConflict) {
  const copy = await copyOf(stores, kept)
  if (copy === undefined) return null
  const { conflict, id, at, closed } = kept
  const { record, ...versions } = copy ?? unknownForm
  return { conflict, id, at, ...versions, record: copy ? shownRecord(entity, record) : record, closed }
}

type Shown = NonNullable<Awaited<ReturnType<typeof shown>>>

function print({ conflict, id, at, mirror, version, authority, record, closed }: Shown): void {
  tell(`${id} (${at.toISOString()}, ${conflict}): ${mirror} had ${version}, the authority ${authority}`)
  tell(`  ${JSON.stringify(record)}`)
  if (closed) tell(`  closed, ${closed.keep} kept: ${closed.why}`)
}

const isOpen = ({ closed }: KeptConflict): boolean => closed === null

const notOne = (entity: Entity, name: string): CrossfadeError => {
  const remedy = `see \`crossfade conflicts list ${entity.name}\``
  return new CrossfadeError('BAD_USER_INPUT', `No one conflict of ${entity.name} begins with ${name}; ${remedy}.`)
}

/** @throws BAD_USER_INPUT unless there is exactly one. */
async function oneOf(stores: Stores, entity: Entity, name: string): Promise<KeptConflict> {
  const [found, another] = await keptConflicts(stores, entity, ({ conflict }) => conflict.startsWith(name), 2)
  if (found && !another) return found
  throw notOne(entity, name)
}

/** What was replaced, and what becomes of it. */
export function conflictsCommand(): Command {
  const conflicts = new Command('conflicts').description('copies of records that differed and were replaced')
  const add = subcommandsOf(conflicts)
  add('list <type>', 'those that are open, newest first; exit 2 while there are any', 'crossfade conflicts list Movie')
    .option('--all', 'closed ones, too')
    .option('--id <id>', 'of this record alone')
    .option('--limit <n>', 'how many', upToTenThousand, 20)
    .action((type: string, { config: file, json, all, id, limit }: ListOptions) =>
      withSession(file, async ({ config: { entities }, stores }) => {
        const entity = typeOf(entities, type)
        const only = id === undefined ? null : String(parseId(entity, id))
        const isOf = (each: KeptConflict): boolean => only === null || each.id === only
        const isOpenOf = (each: KeptConflict): boolean => isOf(each) && isOpen(each)
        const kept = await keptConflicts(stores, entity, all ? isOf : isOpenOf, limit)
        const told: Shown[] = []
        // One behind the other: a copy may be many megabytes
        for (const each of kept) {
          const found = await shown(stores, entity, each)
          if (found && json) told.push(found)
          else if (found) print(found)
        }
        if (json) printJson(told)
        else if (kept.length === 0) say(`No replaced copy of ${entity.name} is open.`)
        const open = all ? await keptConflicts(stores, entity, isOpenOf, 1) : kept
        if (open.length > 0) process.exitCode = 2
      }),
    )
  add('show <type> <conflict>', 'one of them, by the first digits', 'crossfade conflicts show Movie 3fa9').action(
    (type: string, name: string, { config, json }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const entity = typeOf(entities, type)
        const told = await shown(stores, entity, await oneOf(stores, entity, name))
        if (!told) throw notOne(entity, name)
        if (json) printJson(told)
        else print(told)
      }),
  )
  add(
    'resolve <type> <conflict>',
    'close one: what the authority has stays, or the replaced copy is written back through it',
    'crossfade conflicts resolve Movie 3fa9 --keep authority --why "checked with support"',
  )
    .addOption(
      new Option('--keep <which>', 'which of the two').choices(['authority', 'mirror']).makeOptionMandatory(true),
    )
    .requiredOption('--why <text>', 'kept with it', said)
    .option('--force', 'write the copy back also where the record was written since; that is kept in its turn')
    .action((type: string, name: string, { config, json, keep, why, force }: Options & Closed & { force?: boolean }) =>
      withSession(config, async (session) => {
        const entity = typeOf(session.config.entities, type)
        const found = await oneOf(session.stores, entity, name)
        const written = await resolveConflict(session, entity, found, { keep, why }, force ?? false)
        if (json) printJson({ conflict: found.conflict, id: found.id, keep, why })
        else if (!written) say(`${entity.name} ${found.id}: what the authority has stays.`)
        else say(`${entity.name} ${found.id}: the copy of ${written.version} was written back.`)
      }),
    )
  return conflicts
}
