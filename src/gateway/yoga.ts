import type { ServerResponse } from 'node:http'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Recorder } from '../replay/recorder.ts'
import type { AppContext, GatewayContext } from '../resolve/context.ts'
import { nobody } from '../routing/decide.ts'
import { AllRecords, HeldRecords } from '../routing/held-records.ts'
import type { Look } from '../routing/look.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import { answerLimit } from './answer-limit.ts'
import { asBytes } from './as-bytes.ts'
import { carriedOut } from './carried-out.ts'
import { type CrossfadeConfig, graphqlPath } from './config.ts'
import { costLimit } from './cost-limit.ts'
import { deadline, type Ends, timed } from './deadline.ts'
import { documentCache } from './document-cache.ts'
import { documentLimits } from './document-limits.ts'
import type { EventStreams } from './event-streams.ts'
import { idNumbers } from './id-numbers.ts'
import { inputLimit } from './input-limit.ts'
import { inputMistakes } from './input-mistakes.ts'
import type { Limits } from './limits.ts'
import { maskError } from './mask-error.ts'
import { nothingHere } from './nothing-here.ts'
import { ownEvents } from './own-events.ts'
import { record } from './record.ts'
import { Refusals } from './refusals.ts'
import { requestBody } from './request-body.ts'
import { type LogRequest, requestLines } from './request-lines.ts'
import { shortErrors } from './short-errors.ts'
import { staleReads } from './stale-reads.ts'
import { textGuard } from './text-guard.ts'
import { traces } from './traces.ts'
import { Unread } from './unread.ts'
import { whenRoom } from './when-room.ts'

export interface GatewayOptions {
  readonly config: CrossfadeConfig
  readonly routing: Routing | (Look & Pick<Routing, 'log' | 'meter'>)
  readonly limits: Limits
  /** Default: nothing is recorded. */
  readonly recorder?: Pick<Recorder, 'offer'>
  /** Told of subscriptions, for whoever ends the server. */
  readonly streams?: EventStreams
  /** Default: requests are not told of. */
  readonly logRequest?: LogRequest | undefined
}

/** What comes with a request. */
interface Given {
  /** Given by whoever asks in this process: answers its reads in the place of the routing. */
  readonly look?: Look
  /** Given by Node's server. */
  readonly res?: ServerResponse
}

type Context = GatewayContext & Ends

/** The app's context with ours. @throws MISCONFIGURED for names that are ours. */
function together(app: AppContext, ours: Context): Context {
  const taken = Object.keys(app).find((name) => Object.hasOwn(ours, name))
  if (taken === undefined) return { ...app, ...ours }
  throw new CrossfadeError('MISCONFIGURED', `context: "${taken}" is a name of Crossfade's own. Give it another.`)
}

/** The GraphQL endpoint. */
export function createGateway({ config, routing, limits, recorder, streams, logRequest }: GatewayOptions) {
  const { schema, entities, cors = false, subject = () => nobody, context: appContext, plugins = [] } = config
  const refusals = new Refusals(limits, routing.log, routing.meter)
  const unread = new Unread({ ...limits, log: routing.log })
  const allRecords = new AllRecords(limits.allRecordBytes)
  const contextOf = ({ request, look, res }: Given & { request: Request }, app: AppContext): Context => {
    let known: string | undefined
    const whoAsks = (): string => (known ??= subject(request, app))
    const heldRecords = new HeldRecords(allRecords)
    return { routing: look ?? routing, subject: whoAsks, heldRecords, ...timed(limits.answerMs, request, res) }
  }
  return createYoga<Given>({
    schema,
    logging: false,
    landingPage: false,
    graphiql: false, // its page loads programs from another host
    cors,
    multipart: false,
    maxRequestBodySize: false, // requestBody has one
    graphqlEndpoint: graphqlPath(config),
    parserAndValidationCache: documentCache(limits),
    maskedErrors: { maskError: maskError(routing.log, refusals, config.showError) },
    context: appContext
      ? async (given) => {
          const app = await appContext(given.request)
          return together(app, contextOf(given, app))
        }
      : (given) => contextOf(given, {}),
    plugins: [
      // In this order: bytes, what is in document and variables, what they ask for, what its texts and ids are; then the app's own;
      // then what is recorded of it, and answered
      traces, // around all of it
      ...(logRequest ? [requestLines(logRequest)] : []),
      requestBody(limits, refusals),
      documentLimits(limits, refusals),
      inputLimit(limits, refusals),
      whenRoom(refusals, unread), // before answerLimit, which would take what this refuses for an answer
      answerLimit(limits, refusals, unread),
      costLimit(schema, entities, limits, refusals),
      inputMistakes,
      textGuard,
      idNumbers,
      ...(plugins as readonly Plugin[]),
      ...(recorder ? [record(recorder)] : []),
      deadline(limits.answerMs),
      ownEvents(limits.answerMs),
      ...(streams ? [streams.plugin(limits, refusals)] : []),
      staleReads,
      carriedOut,
      shortErrors,
      nothingHere(graphqlPath(config)),
      asBytes,
    ],
  })
}
