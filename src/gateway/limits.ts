import { z } from 'zod'
import { times } from '../control/times.ts'
import { CrossfadeError } from '../util/errors.ts'
import { problemsOf, strict, time, whole } from './strict.ts'

/** What one request may ask, what all of them may hold, and how long clients may take. `docs/limits.md` has what they are told. */
export interface Limits {
  /** Lexical tokens of a document; default 2,000. */
  readonly tokens: number
  /** Fields inside of fields; default 20. Introspection is not counted. */
  readonly depth: number
  /** Aliases of an operation, those of a fragment once a spread; default 100. */
  readonly aliases: number
  /** Directives of an operation; default 50. */
  readonly directives: number
  /** Objects and lists in the variables of a request; default 20,000. */
  readonly inputObjects: number
  /** Values that the answer may hold, and 100 for each statement; default 100,000. */
  readonly cost: number
  /** Objects that the answer may hold, by the sizes of its pages; default 25,000: 100 records with 100 each, and one of each of those. */
  readonly nodes: number
  /** How many objects a list is taken to hold whose size nothing tells; default 20. */
  readonly listSize: number
  /** Statements that one request may have run for its reads; default 200. */
  readonly statements: number
  /** Records, ids and values of stores that an answer may get, each for each place where it stands; default 50,000. */
  readonly records: number
  /** Bytes of records that the stores send for one request; default 60,000,000. */
  readonly recordBytes: number
  /** The same of all requests that are under way; default 120,000,000. */
  readonly allRecordBytes: number
  /** Characters of a text, and members of a list, in arguments of `routed` fields; default 2,000. */
  readonly textLength: number
  /** Bytes of a request's body; default 1,000,000. */
  readonly bodyBytes: number
  /** Bytes of an answer, its texts as JSON writes them; default 20,000,000. */
  readonly answerBytes: number
  /** Bytes of the bodies of all requests that are under way, streams of events half of it at most; default 50,000,000. */
  readonly requestBytes: number
  /** Bytes of answers that were made and that their clients, all together, have not read; default 64,000,000. */
  readonly unreadBytes: number
  /** Bytes a second in which a client reads its answer at least, once it had 30 s; default 16,000. */
  readonly leastRate: number
  /** Bytes of memory that parsed documents may take, by an estimate; default 50,000,000. */
  readonly documentCacheBytes: number
  /** Milliseconds for the headers of a request to arrive; default 10,000. */
  readonly headersMs: number
  /** Milliseconds for a whole request to arrive; default 30,000. */
  readonly requestMs: number
  /** Subscriptions that one gateway has open at a time; default 5,000. */
  readonly subscriptions: number
  /** Milliseconds for a request to be answered; default 25,000. */
  readonly answerMs: number
  /**
   * Whether `depth`, `aliases`, `directives`, `inputObjects`, `cost` and `nodes` refuse nothing, and are told in the log
   * where they would; default false.
   */
  readonly reportOnly: boolean
}

/** The limits of a config, with defaults for those that it does not name. */
export const limitsSchema = strict({
  tokens: whole(1).default(2_000),
  depth: whole(1).default(20),
  aliases: whole(0).default(100),
  directives: whole(0).default(50),
  inputObjects: whole(1).default(20_000),
  cost: whole(1).default(100_000),
  nodes: whole(1).default(25_000),
  listSize: whole(1).default(20),
  statements: whole(1).default(200),
  records: whole(1).default(50_000),
  recordBytes: whole(1).default(60_000_000),
  allRecordBytes: whole(1).default(120_000_000),
  textLength: whole(1).default(2_000),
  bodyBytes: whole(1).default(1_000_000),
  answerBytes: whole(1).default(20_000_000),
  requestBytes: whole(1).default(50_000_000),
  unreadBytes: whole(1).default(64_000_000),
  leastRate: whole(1).default(16_000),
  documentCacheBytes: whole(1).default(50_000_000),
  headersMs: time().default(10_000),
  requestMs: time().default(30_000),
  subscriptions: whole(0).default(5_000),
  answerMs: time().default(times.request),
  reportOnly: z.boolean('true or false is expected').default(false),
})

/** The limits of a config, with defaults for those that it does not name. @throws MISCONFIGURED that names each bad one. */
export function limitsOf(given: Partial<Limits> | undefined): Limits {
  const { data, error } = limitsSchema.safeParse(given ?? {})
  if (data) return data
  throw new CrossfadeError('MISCONFIGURED', `The limits do not fit: ${problemsOf(error, ['limits'])}`)
}
