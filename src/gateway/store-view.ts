import { type Answer, type Heard, parseAnswer, type Side } from '../replay/side.ts'
import type { Look } from '../routing/look.ts'
import type { Read } from '../routing/read.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import type { Failure } from '../stores/failure.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { type CrossfadeConfig, graphqlPath } from './config.ts'
import type { Limits } from './limits.ts'
import { told } from './told.ts'
import { createGateway } from './yoga.ts'

export interface StoreViewOptions {
  readonly config: CrossfadeConfig
  readonly stores: Stores
  readonly limits: Limits
  readonly log: Routing['log']
  /** Of each request: who asks. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether a store's records of a type may be believed. */
  readonly isKept: (type: string, origin: Origin) => boolean
}

/** What tells of the store and nothing of what it was asked: whatever is asked next would fare the same. */
const troubles: ReadonlySet<Failure> = new Set(['unreachable', 'busy', 'full', 'forbidden', 'unknown'])

const nobody: Look['answer'] = async () => {
  throw new CrossfadeError('MISCONFIGURED', 'A view was asked without a store.')
}

/**
 * The API as it would be if one store alone answered: every type is read there, whatever its flag says, and nothing can
 * be written. Requests go the gateway's own way, through its limits and with its errors.
 */
export function storeView({ config, stores, limits, log, headers, isKept }: StoreViewOptions, origin: Origin): Side {
  const store = stores[origin]
  const gateway = createGateway({ config, routing: { limits, log, answer: nobody }, limits })

  async function ask(operation: Parameters<Side['ask']>[0]): Promise<Answer> {
    const heard: Heard[] = []
    const stale = new Set<string>()
    let trouble: string | null = null
    const look: Look = {
      limits,
      async answer<T>(read: Read<T>): Promise<T> {
        const entities = [read.entity, ...(read.also ?? [])]
        const unkept = entities.map(({ name }) => name).filter((type) => !isKept(type, origin))
        for (const type of unkept) stale.add(type)
        if (unkept.length > 0) throw new CrossfadeError('UNAVAILABLE', `${origin} does not keep ${unkept.join(', ')}.`)
        try {
          const result = await read.ask(store)
          heard.push({ entities, resolver: read.resolver, outcome: read.outcome(result) })
          return result
        } catch (error) {
          const failure = store.failureOf(error)
          if (failure !== null && troubles.has(failure)) trouble ??= told(error, { reads: true }) ?? `${origin} failed.`
          throw store.readError(error)
        }
      },
    }
    const { name, query, variables } = operation
    const init = {
      method: 'POST',
      headers: { 'x-client-id': 'replay', ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables, operationName: name ?? undefined }),
    }
    const began = performance.now()
    const response = await gateway.fetch(`http://replay${graphqlPath(config)}`, init, { look })
    const body: unknown = await response.json()
    const ms = performance.now() - began
    const answer = parseAnswer(body) ?? { data: null, errors: [{ code: `status ${response.status}`, path: [] }] }
    return { ...answer, ms, heard, stale: [...stale], trouble }
  }

  return { name: origin, ask }
}
