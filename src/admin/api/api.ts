import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse } from 'graphql'
import { createSchema, createYoga, type Plugin } from 'graphql-yoga'
import { keptHours, type MismatchGroup } from '../../stores/findings.ts'
import { Known } from './known.ts'
import { marks } from './marks.ts'
import { evidenceFields, movingTypeFields } from './moving-type.ts'
import { mutationFields } from './mutation.ts'
import { Pulse } from './pulse.ts'
import { queryFields } from './query.ts'
import { replayFields, replays } from './replays.ts'
import { atMost } from './said.ts'
import { scalars } from './scalars.ts'
import type { ApiContext, Asker, Served } from './served.ts'
import { moveFields, stageChanges } from './set-stage.ts'
import { shownError } from './shown-error.ts'
import { typeDefs } from './type-defs.ts'
import { verificationFields, verifications } from './verifications.ts'

/** Whoever asks has a token, and none of them needs more. */
const most = { tokens: 1_000, bodyBytes: 100_000 }

/** What nests is bounded by the contract, which has no cycle. */
const bounded: Plugin = {
  onParse: ({ setParseFn }) => setParseFn((source, options) => parse(source, { ...options, maxTokens: most.tokens })),
}

type Named = Pick<MismatchGroup, 'fingerprint'>

/** Groups go by their fingerprints, which commands call by the name of the group. */
const groupFields = {
  name: ({ fingerprint }: Named) => fingerprint,
  recent: ({ fingerprint }: Named, { hours }: { readonly hours: number }, { known }: ApiContext) =>
    known.recent(atMost('hours', hours, keptHours)).load(fingerprint),
}

/** Answers a request of somebody whose token is good. */
export type AdminApi = (request: IncomingMessage, response: ServerResponse, asker: Asker) => Promise<void>

/** GraphQL over what the commands work with. */
export function adminApi(served: Served): AdminApi {
  const changes = stageChanges(served)
  const verifying = verifications(served)
  const replaying = replays(served)
  const pulse = new Pulse(marks(served, changes, verifying, replaying))
  const schema = createSchema<ApiContext>({
    typeDefs,
    resolvers: {
      ...scalars,
      Query: {
        ...queryFields(served),
        changes: () => changes.list(),
        verifications: () => verifying.list(),
        replays: () => replaying.list(),
      },
      Subscription: {
        changed: {
          subscribe: (_: unknown, { topics }: { readonly topics: Parameters<typeof pulse.listen>[0] }) =>
            pulse.listen(topics),
          resolve: (topic: string) => topic,
        },
      },
      MovingType: movingTypeFields(served),
      Evidence: evidenceFields,
      Group: groupFields,
      Move: moveFields,
      Verification: verificationFields,
      Replay: replayFields,
      Mutation: mutationFields(served, changes, verifying, replaying),
    },
  })
  const yoga = createYoga<{ readonly asker: Asker }, ApiContext>({
    schema,
    logging: false,
    landingPage: false,
    graphiql: false,
    cors: false,
    multipart: false,
    maxRequestBodySize: most.bodyBytes,
    parserAndValidationCache: false,
    maskedErrors: { maskError: shownError(served) },
    context: ({ asker }) => ({ asker, known: new Known(served.stores, served.app.entities) }),
    plugins: [bounded],
  })
  return async (request, response, asker) => {
    await yoga(request, response, { asker })
  }
}
