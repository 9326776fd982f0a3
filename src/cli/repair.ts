import { Command } from 'commander'
import { authorityOf, ledgersOf, noFlag, readCopies } from '../control/flag-store.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { typeOf } from '../entity/type-of.ts'
import { examine, repair, repairLog } from '../jobs/repair.ts'
import { chosenByGroup, chosenByIds, chosenByVerify, type RepairChoice } from '../jobs/repair-choice.ts'
import type { Stores } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import { printJson, say } from './output.ts'
import { groupsOf, printExamined, printRepaired } from './print-repaired.ts'
import { RateLine } from './rate-line.ts'
import { leaving, untilAborted } from './signals.ts'
import { whoRuns } from './who-runs.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly id?: readonly string[]
  readonly group?: string
  readonly yes?: boolean
  readonly history?: boolean
}

async function home(stores: Stores, entity: Entity) {
  const key = flagKeyOf(entity)
  const { flag } = await readCopies(ledgersOf(stores), key)
  if (!flag) throw noFlag(key)
  return { ledger: stores[authorityOf(flag)].ledger, epoch: flag.epoch }
}

async function choose(stores: Stores, entity: Entity, { id, group }: Options): Promise<RepairChoice> {
  if (id && group !== undefined)
    throw new CrossfadeError('BAD_USER_INPUT', 'Give --id, or --group, and not both: each names the records by itself.')
  if (id) return chosenByIds(entity, id)
  const { ledger, epoch } = await home(stores, entity)
  if (group === undefined) return chosenByVerify(ledger, entity, epoch)
  return chosenByGroup(ledger, stores.postgres.findings, entity, group)
}

async function printHistory(stores: Stores, entity: Entity, json: boolean): Promise<void> {
  const found = await Promise.all(
    [stores.mongo, stores.postgres].map(({ ledger }) => ledger.tail(repairLog, 100, entity.name)),
  )
  const entries = found.flat().sort((a, b) => b.at.getTime() - a.at.getTime())
  if (json) return printJson(entries)
  for (const { at, value } of entries) process.stdout.write(`${at.toISOString()}  ${JSON.stringify(value)}\n`)
}

/** Makes the mirror equal in what was found to differ. */
export function repairCommand(): Command {
  return new Command('repair')
    .description('show how records differ that verify or shadow reads have found, and make the mirror equal with --yes')
    .addHelpText('before', 'Examples:\n  crossfade repair Movie\n  crossfade repair Movie --group 3fa9 --yes\n')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing differs, or all is repaired, 1 error, 2 records differ, or were left',
    )
    .argument('<type>')
    .option('--id <id...>', 'these records; default: those that the last verify found')
    .option('--group <group>', 'those of one group of the last verify, or the examples of one of `mismatches`')
    .option('--yes', 'write; without it nothing is')
    .option('--history', 'show who has repaired what, newest first')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action((type: string, options: Options) =>
      withSession(options.config, async ({ config: { entities }, stores }) => {
        const json = options.json === true
        const entity = typeOf(entities, type)
        if (options.history) return printHistory(stores, entity, json)
        const { ids, chosen } = await choose(stores, entity, options)
        const line = new RateLine('repair', entity.name)
        const onProgress = (done: number): void => line.show({ done, total: ids.length }, {})
        const { signal } = untilAborted()
        const asked = { stores, entity, ids, onProgress, log: say, signal }
        if (!options.yes) {
          const found = await examine(asked).catch(leaving('Stopped: nothing was written.'))
          if (json) printJson({ type, chosen, records: ids.length, ...found, groups: groupsOf(entity, found.unequal) })
          else printExamined(entity, chosen, ids.length, found)
          if (found.unequal.length + found.undecided.length > 0) process.exitCode = 2
          return
        }
        const done = await repair(asked, { by: whoRuns(), chosen }).catch(
          leaving(`Stopped. What was repaired is, and the rest is not: \`crossfade verify ${type}\` tells.`),
        )
        if (json) printJson({ type, chosen, records: ids.length, ...done })
        else printRepaired(entity, chosen, done)
        if (done.left.length + done.undecided.length + done.keptOut.length > 0) process.exitCode = 2
      }),
    )
}
