import { Command, Option } from 'commander'
import { shownRecord } from '../compare/canonical.ts'
import type { Entity } from '../entity/entity.ts'
import { typeOf } from '../entity/type-of.ts'
import { type Closed, type KeptConflict, keptConflicts } from '../mirror/kept-conflicts.ts'
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

/** One that another version of the gateway wrote: that there was a copy is told, and none of what may be hidden. */
const unknownForm = {
  mirror: 'a store',
  version: 'unknown',
  authority: 'unknown',
  record: '(kept in a form that this version does not know)',
}

/** What may be shown of it. */
function shown(entity: Entity, { conflict, id, at, copy, closed }: KeptConflict) {
  const { record, ...versions } = copy ?? unknownForm
  return { conflict, id, at, ...versions, record: copy ? shownRecord(entity, record) : record, closed }
}

type Shown = ReturnType<typeof shown>

function print(kept: readonly Shown[]): void {
  for (const { conflict, id, at, mirror, version, authority, record, closed } of kept) {
    tell(`${id} (${at.toISOString()}, ${conflict}): ${mirror} had ${version}, the authority ${authority}`)
    tell(`  ${JSON.stringify(record)}`)
    if (closed) tell(`  closed, ${closed.keep} kept: ${closed.why}`)
  }
}

/** @throws BAD_USER_INPUT unless there is exactly one. */
function oneOf(entity: Entity, kept: readonly KeptConflict[], name: string): KeptConflict {
  const [found, another] = kept.filter(({ conflict }) => conflict.startsWith(name))
  if (found && !another) return found
  const remedy = `see \`crossfade conflicts list ${entity.name}\``
  throw new CrossfadeError('BAD_USER_INPUT', `No one conflict of ${entity.name} begins with ${name}; ${remedy}.`)
}

/** What was replaced, and what becomes of it. */
export function conflictsCommand(): Command {
  const conflicts = new Command('conflicts').description('copies of records that differed and were replaced')
  const add = subcommandsOf(conflicts)
  add('list <type>', 'those that are open, newest first; exit 2 while there are any', 'crossfade conflicts list Movie')
    .option('--all', 'closed ones, too')
    .option('--limit <n>', 'how many', upToTenThousand, 20)
    .action((type: string, options: Options & { readonly all?: boolean; readonly limit: number }) =>
      withSession(options.config, async ({ config: { entities }, stores }) => {
        const entity = typeOf(entities, type)
        const kept = await keptConflicts(stores, entity)
        const isOpen = ({ closed }: KeptConflict): boolean => closed === null
        const told = (options.all ? kept : kept.filter(isOpen))
          .slice(0, options.limit)
          .map((each) => shown(entity, each))
        if (options.json) printJson(told)
        else if (told.length === 0) say(`No replaced copy of ${entity.name} is open.`)
        else print(told)
        if (kept.some(isOpen)) process.exitCode = 2
      }),
    )
  add('show <type> <conflict>', 'one of them, by the first digits', 'crossfade conflicts show Movie 3fa9').action(
    (type: string, name: string, { config, json }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const entity = typeOf(entities, type)
        const told = shown(entity, oneOf(entity, await keptConflicts(stores, entity), name))
        if (json) printJson(told)
        else print([told])
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
        const found = oneOf(entity, await keptConflicts(session.stores, entity), name)
        await resolveConflict(session, entity, found, { keep, why }, force ?? false)
        if (json) printJson({ conflict: found.conflict, id: found.id, keep, why })
        else if (keep === 'authority') say(`${entity.name} ${found.id}: what the authority has stays.`)
        else say(`${entity.name} ${found.id}: the copy of ${found.copy!.version} was written back.`)
      }),
    )
  return conflicts
}
