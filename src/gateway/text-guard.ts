import { type DocumentNode, type GraphQLError, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { textKind } from '../codec/text.ts'
import { clientError } from '../resolve/client-error.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'

/** What is wrong with a text, and where; null where nothing is. */
function problem(value: string, place: string): GraphQLError | null {
  try {
    textKind.parse(value)
    return null
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    return clientError(error, place)
  }
}

/** The first text in a value that no store can hold. */
function problemIn(value: unknown, place: string): GraphQLError | null {
  if (typeof value === 'string') return problem(value, place)
  const isList = Array.isArray(value)
  if (!isList && !isPlainObject(value)) return null
  for (const [key, member] of Object.entries(value)) {
    const found = problemIn(member, place + (isList ? `[${key}]` : `.${key}`))
    if (found) return found
  }
  return null
}

/** The first text of a document that no store can hold; null where all can be. */
const badLiteral = onceFor((document: DocumentNode): GraphQLError | null => {
  let found: GraphQLError | null = null
  visit(document, {
    StringValue({ value, loc }) {
      found ??= problem(value, `Text at line ${loc?.startToken.line}`)
    },
  })
  return found
})

function badVariable(variables: Readonly<Record<string, unknown>>): GraphQLError | null {
  for (const [name, value] of Object.entries(variables)) {
    const found = problemIn(value, `$${name}`)
    if (found) return found
  }
  return null
}

/**
 * Refuses text that Postgres cannot hold (NUL) or that is no Unicode (lone surrogates) before any resolver sees it: the
 * answer must not depend on the store, in resolvers of the API's own as well.
 */
export const textGuard: Plugin = {
  onExecute({ args, setResultAndStopExecution }) {
    const found = badLiteral(args.document) ?? badVariable(args.variableValues ?? {})
    if (found) setResultAndStopExecution({ errors: [found] })
  },
}
