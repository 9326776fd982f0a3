import { Command } from 'commander'
import { asksGates } from '../admin/asks-gates.ts'
import type { Flag } from '../control/flag.ts'
import { allFlags, ledgersOf, noFlag } from '../control/flag-store.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { evidenceMarkdown } from '../evidence/report.ts'
import { signOff } from '../evidence/sign-off.ts'
import { nextStage, type TypeEvidence, typeEvidence } from '../evidence/type-evidence.ts'
import type { Stage } from '../stage/stage.ts'
import { printJson, printTable } from './output.ts'
import { said } from './said.ts'
import type { Session } from './session.ts'
import { stageOf } from './stage-of.ts'
import { typesOrAll } from './types-named.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly markdown?: boolean
  readonly to?: string
  readonly sign?: string
  readonly why?: string
}

type Ask = ReturnType<typeof asksGates>

const evidenceOf = async ({ stores }: Session, ask: Ask, entity: Entity, flag: Flag, to: Stage) =>
  typeEvidence(stores.postgres.ledger, entity, flag, to, await ask(entity, flag, to))

/** Signs what is seen, and looks again: the signature may be a gate itself. */
async function signed(
  session: Session,
  ask: Ask,
  entity: Entity,
  flag: Flag,
  seen: TypeEvidence,
  { sign, why }: Options,
): Promise<TypeEvidence> {
  await signOff(session.stores.postgres.ledger, entity, { by: sign!, why: why ?? null }, seen)
  return evidenceOf(session, ask, entity, flag, seen.to)
}

function printOne({ type, from, to, gates }: TypeEvidence): void {
  const unmet = gates.filter(({ met }) => !met).length
  process.stdout.write(
    `${type}: ${from} → ${to}: ${unmet === 0 ? 'all gates are met' : `${unmet} of ${gates.length} gates are not met`}\n`,
  )
  if (gates.length === 0) return
  printTable(
    ['', 'gate', 'found', 'to do'],
    gates.map(({ met, gate, found, remedy }) => [met ? 'met' : 'NOT', gate, found, remedy ?? '']),
  )
}

function print(found: readonly TypeEvidence[], { json, markdown }: Options): void {
  if (json) printJson(found)
  else if (markdown) process.stdout.write(evidenceMarkdown(found))
  else for (const each of found) printOne(each)
}

/** What is proved about types, and what their next stage still asks for. */
export function evidenceCommand(): Command {
  return new Command('evidence')
    .description('what is proved about a type, and what its next stage still asks for')
    .addHelpText(
      'before',
      'Examples:\n  crossfade evidence Movie\n  crossfade evidence Movie --to live --markdown > ticket.md\n',
    )
    .addHelpText('after', '\nExit codes: 0 all gates are met, 1 error, 2 some are not')
    .argument('[types...]', 'default, and `all`: every type')
    .option('--to <stage>', 'default: the next one')
    .option(
      '--sign <name>',
      'put a name to what is shown; it holds for that stage, until authority moves or the mapping changes',
      said,
    )
    .option('--why <text>', 'kept with the name; asked for where other gates are not met', said)
    .option('--markdown', 'print a report for a change ticket')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action((types: string[], options: Options) =>
      withSession(options.config, async (session) => {
        const { config, stores } = session
        const to = options.to === undefined ? undefined : stageOf(options.to)
        const chosen = typesOrAll(config.entities, types)
        const flags = new Map((await allFlags(ledgersOf(stores))).map((flag) => [flag.type, flag]))
        const ask = asksGates(config, stores)
        const found: TypeEvidence[] = []
        for (const entity of chosen) {
          const flag = flags.get(flagKeyOf(entity))
          if (!flag) throw noFlag(entity.name)
          const evidence = await evidenceOf(session, ask, entity, flag, to ?? nextStage(flag.stage))
          found.push(
            options.sign === undefined ? evidence : await signed(session, ask, entity, flag, evidence, options),
          )
        }
        print(found, options)
        if (found.some(({ gates }) => gates.some(({ met }) => !met))) process.exitCode = 2
      }),
    )
}
