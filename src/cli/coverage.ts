import { Command } from 'commander'
import { noFlag } from '../control/flag-store.ts'
import { contractFields } from '../resolve/contract-fields.ts'
import { isUnproved, type ResolverCoverage } from '../shadow/field-coverage.ts'
import { isProved, type TypeCoverage, typeCoverage } from '../shadow/type-coverage.ts'
import { knownFlags } from './known-flags.ts'
import { kept } from './mismatches/kept.ts'
import { printJson, printTable } from './output.ts'
import { typesOrAll } from './types-named.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

type Row = readonly (string | number)[]

const row = (field: string, each: ResolverCoverage): Row => [
  field,
  each.resolver,
  each.asked,
  each.compared,
  each.matched,
  each.flapped > 0 ? `${each.flapped} of ${each.repeated}` : '–',
  each.lastAt?.toISOString() ?? 'never',
]

/** What clients ask for and nobody compared comes first, then what nobody asks for. */
function rowsOf({ fields, results }: TypeCoverage): Row[] {
  const read = [
    ...fields.flatMap(({ field, readBy }) => readBy.map((each) => ({ field, each }))),
    ...results.map((each) => ({ field: '(whole result)', each })),
  ]
  const unread = fields.filter(({ readBy }) => readBy.length === 0)
  return [
    ...read.filter(({ each }) => isUnproved(each)).map(({ field, each }) => row(field, each)),
    ...unread.map(({ field }) => [field, '–', 0, 0, 0, '–', 'never']),
    ...read.filter(({ each }) => !isUnproved(each)).map(({ field, each }) => row(field, each)),
  ]
}

function print(found: TypeCoverage): void {
  const { type, fields, results } = found
  const asked = fields.filter(({ readBy }) => readBy.length > 0)
  const unproved = asked.filter(({ readBy }) => readBy.some(isUnproved)).length + results.filter(isUnproved).length
  process.stdout.write(
    `${type}: clients asked for ${asked.length} of the contract's ${fields.length} fields; ` +
      `${unproved === 0 ? 'all of what they asked for was compared' : `${unproved} were asked for and not compared`}\n`,
  )
  printTable(['field', 'read by', 'asked', 'compared', 'matched', 'flaps', 'last compared'], rowsOf(found))
}

/** What clients ask for of a type, and what of it was compared. */
export function coverageCommand(): Command {
  return new Command('coverage')
    .description('what clients ask for of a type, by field and resolver, and what shadow reads compared of it')
    .addHelpText('before', 'Example:\n  crossfade coverage Movie\n')
    .addHelpText(
      'after',
      '\nCounted are reads in stages that compare, under the present mapping, since the mirror was made equal.\nExit codes: 0 all that was asked for was compared, 1 error, 2 some of it was not',
    )
    .argument('<type>', 'or `all`')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action((type: string, { config, json }: Options) =>
      withSession(config, async ({ config: { entities, schema }, stores }) => {
        const flags = await knownFlags(stores)
        const { findings } = stores.postgres
        const all: TypeCoverage[] = []
        for (const entity of typesOrAll(entities, [type])) {
          const flag = flags.get(entity.name)
          if (!flag) throw noFlag(entity.name)
          const found = await kept(typeCoverage(findings, entity, flag, contractFields(schema, entity)))
          all.push(found)
          if (!json) print(found)
        }
        if (json) printJson(type === 'all' ? all : all[0])
        if (!all.every(isProved)) process.exitCode = 2
      }),
    )
}
