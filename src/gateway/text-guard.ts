import { type DocumentNode, type GraphQLError, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { textKind } from '../codec/text.ts'
import { clientError } from '../resolve/client-error.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'
import { onBegin } from './on-begin.ts'

/** What is wrong with a text; null where nothing is. */
function problem(value: string): CrossfadeError | null {
  try {
    textKind.parse(value)
    return null
  } catch (error) {
    if (error instanceof CrossfadeError) return error
    throw error
  }
}

interface Bad {
  readonly error: CrossfadeError
  /** Put together on the way back, and so for one text and not for each that is looked at. */
  readonly place: string
}

/** The first text in a value that no store can hold. */
function problemIn(value: unknown): Bad | null {
  if (typeof value === 'string') {
    const error = problem(value)
    return error && { error, place: '' }
  }
  if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) {
      const found = problemIn(member)
      if (found) return { ...found, place: `[${index}]${found.place}` }
    }
  } else if (isPlainObject(value)) {
    for (const key in value) {
      const found = problemIn(value[key])
      if (found) return { ...found, place: `.${key}${found.place}` }
    }
  }
  return null
}

/** The first text of a document that no store can hold; null where all can be. */
const badLiteral = onceFor((document: DocumentNode): GraphQLError | null => {
  let found: GraphQLError | null = null
  visit(document, {
    StringValue({ value, loc }) {
      const error = found ? null : problem(value)
      if (error) found = clientError(error, `Text at line ${loc?.startToken.line}`)
    },
  })
  return found
})

function badVariable(variables: Readonly<Record<string, unknown>>): GraphQLError | null {
  for (const [name, value] of Object.entries(variables)) {
    const found = problemIn(value)
    if (found) return clientError(found.error, `$${name}${found.place}`)
  }
  return null
}

/**
 * Refuses text that Postgres cannot hold (NUL) or that is no Unicode (lone surrogates) before any resolver sees it: the
 * answer must not depend on the store, in resolvers of the API's own as well.
 */
export const textGuard: Plugin = onBegin(({ args, setResultAndStopExecution }) => {
  const found = badLiteral(args.document) ?? badVariable(args.variableValues ?? {})
  if (found) setResultAndStopExecution({ errors: [found] })
})
