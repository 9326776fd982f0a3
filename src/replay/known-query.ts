import { type DocumentNode, type GraphQLSchema, getOperationAST, parse, validate } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { RecordedOperation } from './recorded-operation.ts'

/** Whether an operation is asked again, or why it is not. */
export type Fit = 'query' | 'mutations' | 'subscriptions' | 'unfit' | 'others'

const fits = { query: 'query', mutation: 'mutations', subscription: 'subscriptions' } as const

/** Whether an operation is among those that are meant. */
export type Meant = (document: DocumentNode, name: string | null) => boolean

function fitOf(schema: GraphQLSchema, isMeant: Meant, { name, query }: RecordedOperation): Fit {
  try {
    const document = parse(query, { maxTokens: 100_000 })
    const operation = getOperationAST(document, name)
    if (!operation || validate(schema, document).length > 0) return 'unfit'
    return isMeant(document, name) ? fits[operation.operation] : 'others'
  } catch {
    return 'unfit' // it is no GraphQL, or nested too deep to be read
  }
}

/**
 * Looks what a recorded operation is, by the contract of today: nothing that writes may be asked again.
 *
 * @param isMeant default: all are.
 */
export function knownQueries(
  schema: GraphQLSchema,
  isMeant: Meant = () => true,
): (operation: RecordedOperation) => Fit {
  // Some are megabytes long
  const known = new LRUCache<string, Fit>({ max: 1_000, maxSize: 20_000_000, sizeCalculation: (_, key) => key.length })
  return (operation) => {
    const key = `${operation.name ?? ''}\n${operation.query}`
    const fit = known.get(key) ?? fitOf(schema, isMeant, operation)
    known.set(key, fit)
    return fit
  }
}
