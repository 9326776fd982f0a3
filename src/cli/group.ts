import { Command } from 'commander'
import type { Flag } from '../control/flag.ts'
import { note } from '../control/flag-history.ts'
import { disagreements, isOfGroup } from '../control/groups.ts'
import { otherMappings } from '../control/instances.ts'
import { dropGroup, formGroup } from '../control/regroup.ts'
import type { Entity } from '../entity/entity.ts'
import { flagMembers } from '../entity/flag-key.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { typeOf } from '../entity/type-of.ts'
import { moveOptions } from '../jobs/move-options.ts'
import { CrossfadeError } from '../util/errors.ts'
import { origins } from '../util/origin.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, printTable, say, warn } from './output.ts'
import { said } from './said.ts'
import type { Session } from './session.ts'
import { subcommandsOf } from './subcommands.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

interface ChangeOptions extends Options {
  readonly why?: string
  readonly holdWrites?: boolean
}

/**
 * Gateways that run have their group from their mapping, and write nothing of a type whose flag is another one.
 *
 * @throws BAD_USER_INPUT that names those which have another, unless their writes may be held.
 */
async function checkGateways({ stores }: Session, entities: readonly Entity[], holdWrites = false): Promise<void> {
  const others = new Set<string>()
  for (const origin of origins)
    for (const entity of entities)
      for (const id of await otherMappings(stores[origin].ledger, entity.name, mappingDigest(entity))) others.add(id)
  if (others.size === 0) return
  const types = entities.map(({ name }) => name).join(', ')
  const text = `These gateways have another mapping of ${types}, and will write nothing of them: ${[...others].join(', ')}`
  if (holdWrites) return warn(`${text}.`)
  const remedy = 'Stop them first; or say --hold-writes, and replace them: their clients are told to try again'
  throw new CrossfadeError('BAD_USER_INPUT', `${text}. ${remedy}.`)
}

/** What this command's own mapping has otherwise by now. */
async function warnOfMapping({ config: { entities }, stores }: Session): Promise<void> {
  const flags = new Set((await knownFlags(stores)).values())
  for (const line of disagreements(flags, entities).values()) warn(line)
}

const shown = (flag: Flag): string => `${flag.type}: ${flag.members.join(', ')}, ${flag.stage}, epoch ${flag.epoch}`

/** Which types change together. */
export function groupCommand(): Command {
  const group = new Command('group').description(
    'which types share one flag, and so change together: what the stores keep, beside what the mappings say',
  )
  const add = subcommandsOf(group)
  add('list', 'every group, by the stores and by the mapping', 'crossfade group list').action(
    ({ config, json }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const flags = [...new Set((await knownFlags(stores)).values())]
        const kept = new Map(flags.filter(isOfGroup).map(({ type, members }) => [type, members]))
        const grouped = entities.filter((entity) => entity.group !== null)
        const mapped = flagMembers(grouped)
        const rows = [...new Set([...kept.keys(), ...mapped.keys()])].sort().map((name) => ({
          group: name,
          stores: kept.get(name) ?? [],
          mapping: mapped.get(name) ?? [],
        }))
        if (json) printJson(rows)
        else if (rows.length === 0) say('Every type moves by itself.')
        else
          printTable(
            ['group', 'by the stores', 'by the mapping'],
            rows.map((row) => [row.group, row.stores.join(', ') || '–', row.mapping.join(', ') || '–']),
          )
        const lines = disagreements(flags, entities)
        for (const line of lines.values()) warn(line)
        if (lines.size > 0) process.exitCode = 2
      }),
  )
  add(
    'set <group> <types...>',
    'have types that move by themselves change together from now on',
    'crossfade group set catalog Movie Comment',
  )
    .option('--why <text>', 'kept in the history', said)
    .option('--hold-writes', 'although gateways run whose mapping says otherwise: they write nothing of the types')
    .action((name: string, types: string[], { config, json, why, holdWrites }: ChangeOptions) =>
      withSession(config, async (session) => {
        const { entities } = session.config
        if (name === 'all' || entities.some((entity) => entity.name === name))
          throw new CrossfadeError(
            'BAD_USER_INPUT',
            `A group cannot have the name ${name}: it stands for types already.`,
          )
        const joining = types.map((type) => ({ ...typeOf(entities, type), group: name }))
        await checkGateways(session, joining, holdWrites)
        const options = moveOptions({ entities, stores: session.stores, log: say })
        const flag = await formGroup(options, name, types)
        await note(options, null, flag, { why: why ?? null })
        if (json) printJson(flag)
        else say(shown(flag))
        await warnOfMapping(session)
      }),
    )
  add(
    'drop <group>',
    'have its types move by themselves again, in the stage that they are in',
    'crossfade group drop catalog',
  )
    .option('--why <text>', 'kept in the history', said)
    .option('--hold-writes', 'although gateways run whose mapping says otherwise: they write nothing of the types')
    .action((name: string, { config, json, why, holdWrites }: ChangeOptions) =>
      withSession(config, async (session) => {
        const { stores, config: app } = session
        const members = new Set([...(await knownFlags(stores)).values()].find(({ type }) => type === name)?.members)
        const leaving = app.entities.filter((each) => members.has(each.name)).map((each) => ({ ...each, group: null }))
        await checkGateways(session, leaving, holdWrites)
        const options = moveOptions({ entities: app.entities, stores, log: say })
        const flags = await dropGroup(options, name)
        for (const flag of flags) await note(options, null, flag, { why: why ?? null })
        if (json) printJson(flags)
        else for (const flag of flags) say(`${flag.type}: by itself, ${flag.stage}, epoch ${flag.epoch}`)
        await warnOfMapping(session)
      }),
    )
  return group
}
