import type { GraphQLError, GraphQLSchema } from 'graphql'
import type { AdminProxy } from '../control/admin-proxy.ts'
import type { FlagsConfig } from '../control/flags-config.ts'
import type { SampleIndex } from '../demo/sample.ts'
import type { Entity } from '../entity/entity.ts'
import type { GatesConfig } from '../evidence/settings.ts'
import type { AppContext } from '../resolve/context.ts'
import type { ErrorBudget } from '../routing/error-budgets.ts'
import type { Migrations } from '../stores/postgres/migrate.ts'
import type { Json } from '../util/json.ts'
import type { Limits } from './limits.ts'

/** One operation that demo traffic sends. */
export interface SampleOperation {
  readonly query: string
  readonly operationName?: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** Who asks, as a client says it: `{ authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What the demo may change of one type in PostgreSQL alone. */
export interface DriftSpec {
  /**
   * Record paths, of which one is changed in a document. None that an order, a join or a filter of the traffic uses: a
   * change must show in the record itself and not in who is listed, or the demo counts differences that it did not make.
   */
  readonly paths: readonly string[]
}

/** What `crossfade demo` needs to know of an app. */
export interface DemoConfig {
  /** Sample documents by collection, in Extended JSON; the same for the same seed. */
  readonly generate: (seed: number) => Readonly<Record<string, readonly { readonly [key: string]: Json }[]>>
  /** Indexes that the existing database has, by collection. */
  readonly indexes?: Readonly<Record<string, readonly SampleIndex[]>>
  /** Operations as clients send them, mutations included. */
  readonly traffic: (sample: Readonly<Record<string, readonly Json[]>>) => readonly SampleOperation[]
  /** By type: reads one record with every field of the contract. */
  readonly read: Readonly<Record<string, (id: string) => SampleOperation>>
  /** By type; the demo changes none of a type that is left out. */
  readonly drift: Readonly<Record<string, DriftSpec>>
}

/** What browsers are told of pages of other sites; the members are the headers `Access-Control-…` of the same names. */
export interface Cors {
  /** `https://shop.example`, several, or `*` for all. */
  readonly origin: string | string[]
  readonly methods?: string[]
  readonly allowedHeaders?: string[]
  readonly exposedHeaders?: string[]
  readonly credentials?: boolean
  /** Seconds that a browser may remember it. */
  readonly maxAge?: number
}

/** What is recorded while `crossfade record` says nothing else. */
export interface RecordConfig {
  /** The share of operations, in percent; default 0. */
  readonly percent?: number
  /** What the recordings of a data directory may take, in bytes; the oldest go first. Default 100,000,000. */
  readonly maxBytes?: number
}

/** `crossfade.config.ts`: what an adopter's repository tells the commands. */
export interface CrossfadeConfig {
  /** Executable: built by any library, with resolvers that load and write through Crossfade. */
  readonly schema: GraphQLSchema
  /** The types that move, in the order in which they are shown. */
  readonly entities: readonly Entity[]
  /** Committed migrations by name, in the order of their names. */
  readonly migrations: Migrations
  /**
   * What the app's own resolvers find in the context, and `routed` sides get: made once for each request, before anything
   * is executed. What it throws is the request's only error: a `GraphQLError` as it is, anything else masked.
   */
  readonly context?: (request: Request) => AppContext | Promise<AppContext>
  /**
   * Plugins of Yoga and envelop, in this order: behind the limits of the gateway, so that they see what passes them, and
   * before what answers. Their type is not named here: the declarations that come with it are no concern of an app that
   * has none.
   */
  readonly plugins?: readonly object[]
  /** What clients see of errors of the app's own classes; null: nothing but that there was one, as of any other. */
  readonly showError?: (error: Error) => GraphQLError | null
  /** Where GraphQL answers; default `/graphql`. */
  readonly path?: string
  /**
   * Who asks, for shares of reads: whose go to which store. A text of your own making: what a client may choose freely, as
   * a header that nobody checks, lets it choose the store as well. Nobody known is '', and no share below 100
   * percent moves his reads. Default: nobody is known, and `stage set --reads` is refused such a share.
   *
   * @param context what `context` has made.
   */
  readonly subject?: (request: Request, context: AppContext) => string
  /** The budget of shadow reads. */
  readonly shadow?: {
    /** Candidate reads at a time; default 4. */
    readonly concurrency?: number
    /** Sampled reads that wait at most; past it reads are not compared. Default 500. */
    readonly queue?: number
    /** What one candidate read may take, in milliseconds; default 2,000. */
    readonly timeoutMs?: number
    /** The share of comparisons in which the store that answers is read twice and held against itself; default 5. */
    readonly repeatPercent?: number
  }
  /**
   * Whether `extensions.crossfade.stale` says of which types an answer may lack the last writes; default true. False is for
   * clients that take no `extensions`: they get such answers all the same, and the log and a metric alone tell of them.
   */
  readonly tellStale?: boolean
  /**
   * What reads may fail that a share (`stage set --reads`) sends to the other store; once it is spent they answer from the
   * store with authority, until somebody sets the share again. Those that are not named have their defaults: more than
   * 1 percent, and at least 10 errors, within 600,000 ms.
   */
  readonly errorBudget?: Partial<ErrorBudget>
  /**
   * Where it is asked which stage and shares are desired: any provider of OpenFeature. It asks for
   * `crossfade.TYPE.stage`, which `stage list` shows, `.readPercent` and `.samplePercent`, which are taken.
   */
  readonly flags?: FlagsConfig
  /** What `stage set` asks to have been measured of a type before it goes on, see docs/evidence.md. */
  readonly gates?: GatesConfig
  /** What one request may ask; those that are not named have their defaults. */
  readonly limits?: Partial<Limits>
  /** Operations that gateways write down for `crossfade replay`, see docs/replay.md. */
  readonly record?: RecordConfig
  /** For how many days findings, conflicts, what repair has replaced, and recordings are kept; default 30. */
  readonly retention?: { readonly days?: number }
  /** Who is let in at the admin port beside those who have tokens, see docs/admin.md. */
  readonly admin?: { readonly proxy?: AdminProxy }
  /** Which other sites' pages may read answers; default none. */
  readonly cors?: Cors
  readonly demo?: DemoConfig
}

/** Where GraphQL answers. */
export const graphqlPath = ({ path = '/graphql' }: Pick<CrossfadeConfig, 'path'>): string => path

/** Types a config; checked when a command loads it. */
export const defineConfig = (config: CrossfadeConfig): CrossfadeConfig => config
