import { type DocumentNode, GraphQLError, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { textKind } from '../codec/text.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'

/** @throws BAD_USER_INPUT that names the place. */
function check(value: string, place: string): void {
  try {
    textKind.parse(value)
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    throw new GraphQLError(`${place}: ${error.message}`, { extensions: { code: error.code } })
  }
}

function checkAll(value: unknown, place: string): void {
  if (typeof value === 'string') check(value, place)
  else if (Array.isArray(value)) for (const [index, element] of value.entries()) checkAll(element, `${place}[${index}]`)
  else if (isPlainObject(value)) for (const [key, member] of Object.entries(value)) checkAll(member, `${place}.${key}`)
}

/** The first text of a document that no store can hold; null where all can be. */
const badLiteral = onceFor((document: DocumentNode): GraphQLError | null => {
  let found: GraphQLError | null = null
  visit(document, {
    StringValue({ value, loc }) {
      try {
        check(value, `Text at line ${loc?.startToken.line}`)
      } catch (error) {
        found ??= error as GraphQLError
      }
    },
  })
  return found
})

/**
 * Refuses text that Postgres cannot hold (NUL) or that is no Unicode (lone surrogates) before any resolver sees it: the
 * answer must not depend on the store, in resolvers of the API's own as well.
 */
export const textGuard: Plugin = {
  onExecute({ args, setResultAndStopExecution }) {
    try {
      const literal = badLiteral(args.document)
      if (literal) throw literal
      for (const [name, value] of Object.entries(args.variableValues ?? {})) checkAll(value, `$${name}`)
    } catch (error) {
      setResultAndStopExecution({ errors: [error as GraphQLError] })
    }
  },
}
