import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { type MissingIndex, missingIndexes } from '../evidence/index-parity.ts'
import { type IndexProposals, indexProposals } from '../evidence/index-proposals.ts'
import { missingOrderIndexes } from '../evidence/order-indexes.ts'
import { type CrossfadeConfig, graphqlPath } from '../gateway/config.ts'
import { limitsOf } from '../gateway/limits.ts'
import { buildIndexes } from '../jobs/build-indexes.ts'
import { mongoNotes, postgresNotes } from '../jobs/connections.ts'
import { forewarnings } from '../jobs/forewarnings.ts'
import { untriggered } from '../jobs/unseen-writers.ts'
import type { AppContext } from '../resolve/context.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import type { Stores } from '../routing/routing.ts'
import { documentsOfNoType } from '../stores/mongo/of-no-type.ts'
import { rowsOfNoType } from '../stores/postgres/of-no-type.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { type AskedStores, askedStores } from './doctor/asked-stores.ts'
import { explainOperations, type OperationPlans } from './doctor/explain-operations.ts'
import { knownOperations } from './doctor/known-operations.ts'
import { lineOf } from './doctor/operation-notes.ts'
import { type Headers, headerOption } from './header-option.ts'
import { printJson, say, warn } from './output.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly operations: string
  readonly build?: boolean
  readonly header: Headers
  readonly json?: boolean
}

function summaryOf(asked: OperationPlans | null, folder: string): string {
  if (asked === null)
    return `There is no folder ${folder}, so no operation was explained. Put what your clients send there, a .graphql file a client: \`contract check\` holds it against the contract, too.`
  const { operations, statements } = asked.explained
  const count = (found: string): number => asked.notes.filter((note) => note.found === found).length
  const [whole, unknown, missed] = ['reads everything', 'cannot be explained', 'not reached'].map(count)
  const told = `${whole} read everything, ${unknown} cannot be explained, ${missed} parts were not reached`
  return `Explained ${statements} statements of ${operations} operations: ${told}.`
}

/** All of it may be given to psql: what MongoDB's shell takes, and what would fail, stands in comments. */
function statementLine({ store, statement, blocked }: Pick<MissingIndex, 'store' | 'statement' | 'blocked'>): string {
  if (statement === null) return ''
  if (store === 'mongo') return `-- mongosh: ${statement}\n`
  return blocked ? `-- ${statement}\n` : `${statement}\n`
}

/** What one look may take, and what each store may spend on the operations, in milliseconds. */
const lookMs = 60_000

interface Asking {
  readonly isNamed: boolean
  readonly asks: readonly Origin[]
  readonly proposals: IndexProposals | null
  readonly header: Headers
}

/** Null where there is no such folder, and none was named. */
async function operationPlans(
  config: CrossfadeConfig,
  stores: Stores,
  folder: string,
  { isNamed, header, ...asking }: Asking,
): Promise<OperationPlans | null> {
  const { schema, entities, limits } = config
  const nothing = { explained: { operations: 0, statements: 0 }, notes: [] }
  if (!existsSync(folder)) return isNamed ? { ...nothing, problems: [`There is no folder ${folder}.`] } : null
  const { operations, problems } = knownOperations(schema, folder)
  if (asking.asks.length === 0 || (operations.length === 0 && problems.length > 0)) return { ...nothing, problems }
  const appContext = await contextFor(config, header)
  if (typeof appContext === 'string') return { ...nothing, problems: [...problems, appContext] }
  const app = { schema, entities, stores, limits: limitsOf(limits), appContext, ...asking }
  const asked = await explainOperations(app, operations, lookMs)
  return { ...asked, problems: [...problems, ...asked.problems] }
}

/** What the app's resolvers find for whoever asks so; why there is nothing, where the app refuses him. */
async function contextFor(config: CrossfadeConfig, header: Headers): Promise<AppContext | string> {
  const request = new Request(`http://doctor${graphqlPath(config)}`, { method: 'POST', headers: header })
  try {
    return (await config.context?.(request)) ?? {}
  } catch (error) {
    return `The operations were not explained, since the app's \`context\` refuses who asks: ${messageOf(error).replace(/\.$/, '')}. Say who by --header.`
  }
}

/** What the stores that answer lack. */
async function indexesMissing(
  { schema, entities }: CrossfadeConfig,
  { mongo, postgres }: Stores,
  { look }: AskedStores,
  proposals: IndexProposals | null,
): Promise<readonly MissingIndex[]> {
  const orders = contractOrders(schema, entities)
  const found: MissingIndex[] = []
  // One after the other, so that names are given alike each time
  for (const entity of entities) {
    const asked = orders.get(entity.name) ?? []
    const ofPostgres =
      (await look(['mongo', 'postgres'], () =>
        missingIndexes({ mongo, postgres }, entity, asked, proposals ?? undefined),
      )) ??
      (await look(['postgres'], () => missingIndexes({ mongo: null, postgres }, entity, asked, proposals ?? undefined)))
    const ofMongo = await look(['mongo'], () => missingOrderIndexes(mongo, entity, asked))
    found.push(...(ofPostgres ?? []), ...(ofMongo ?? []))
  }
  return found
}

/** Builds what can be built. @returns what is missing still. */
async function withBuilt(missing: readonly MissingIndex[], { postgres }: Stores): Promise<readonly MissingIndex[]> {
  const built = await buildIndexes(postgres, missing, say)
  return missing.filter((each) => !built.has(each))
}

/**
 * What the connections are worth, what PostgreSQL lacks to answer as fast, and to promise as much, as MongoDB, what
 * MongoDB lacks for the contract's orders, and which operations of known clients read all that is stored.
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'what the connections promise and have room for, and the indexes that are missing: in PostgreSQL those of MongoDB, in both stores those that the orders of the contract need; and the operations of known clients that no index serves',
    )
    .addHelpText('before', 'Examples:\n  crossfade doctor > indexes.sql\n  crossfade doctor --build\n')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--build', 'build the indexes that PostgreSQL lacks, one after the other, while it is in use')
    .option('--operations <folder>', 'files of operations that clients are known to send', 'schema/operations')
    .addOption(headerOption('the operations'))
    .option('--json', 'print as JSON')
    .action(({ config, operations, build, header, json }: Options, command: Command) =>
      withSession(config, async ({ config: app, stores }) => {
        const looks = askedStores(lookMs)
        const { look, answering } = looks
        const notes = [
          ...((await look(['mongo'], () => mongoNotes(stores))) ?? []),
          ...((await look(['postgres'], () => postgresNotes(stores))) ?? []),
        ]
        for (const { store, problem, text } of notes) (problem ? warn : say)(`${store}: ${text}`)
        const warnings = [
          ...((await look(['mongo'], () => forewarnings(stores.mongo, app.entities))) ?? []),
          ...((await look(['mongo'], () => documentsOfNoType(stores.mongo.connection, app.entities))) ?? []),
          ...((await look(['postgres'], () => rowsOfNoType(stores.postgres.connection, app.entities))) ?? []),
          ...((await look(['postgres'], () => untriggered(stores, app.entities))) ?? []),
        ]
        for (const line of warnings) warn(line)
        const proposals = await look(['postgres'], () => indexProposals(stores.postgres.connection))
        const missing = await indexesMissing(app, stores, looks, proposals)
        const found = build ? await withBuilt(missing, stores) : missing
        const isNamed = command.getOptionValueSource('operations') !== 'default'
        const asked = await operationPlans(app, stores, operations, { isNamed, asks: answering(), proposals, header })
        if (json) printJson({ indexes: found, operations: asked, problems: looks.problems })
        else {
          for (const { type, because, note, ...missing } of found)
            process.stdout.write(`-- ${type}: ${because}${note ? `. ${note}` : ''}\n${statementLine(missing)}\n`)
          if (found.length === 0 && looks.problems.length === 0)
            say('Both stores have every index that the contract needs, and PostgreSQL those of MongoDB.')
          for (const note of asked?.notes ?? []) process.stdout.write(`-- ${lineOf(note)}\n`)
        }
        for (const line of [...looks.problems, ...(asked?.problems ?? [])]) warn(line)
        say(summaryOf(asked, operations))
        // 2: differs
        const problems = notes.some(({ problem }) => problem) || warnings.length + looks.problems.length > 0
        const isWorse = asked !== null && (asked.problems.length > 0 || asked.notes.some(({ worse }) => worse))
        if (problems || isWorse || found.some(({ statement }) => statement !== null)) process.exitCode = 2
      }),
    )
}
