import { type DocumentNode, GraphQLError, parse } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { toldLimit } from '../routing/past-limit.ts'
import { onceFor } from '../util/once-for.ts'
import { documentSize, type Size } from './document-size.ts'
import type { Limits } from './limits.ts'
import { refusal } from './refusal.ts'
import { type Refusals, type TooMuch, whoAsks } from './refusals.ts'

const texts: Readonly<Record<keyof Size, (most: number) => readonly [fact: string, advice: string]>> = {
  depth: (most) => [`The query is nested more than ${most} deep`, 'Ask for fewer levels.'],
  aliases: (most) => [`The query has more than ${most} aliases`, 'Send fewer at a time, or ask for a list.'],
  directives: (most) => [`The query has more than ${most} directives`, 'Use fewer.'],
}

/** The limits that each operation of a document passes. */
function* tooMuchIn(document: DocumentNode, limits: Limits): Generator<TooMuch> {
  for (const [{ name }, size] of documentSize(document)) {
    for (const limit of ['depth', 'aliases', 'directives'] as const) {
      if (size[limit] <= limits[limit]) continue
      const [fact, advice] = texts[limit](limits[limit])
      yield { limit, asked: size[limit], who: whoAsks(document, name?.value), fact, advice }
    }
  }
}

/**
 * Bounds what a document may hold, before it is looked at closely: what validation costs grows with the square of some of
 * it. Looked at once for each document that is cached.
 */
export function documentLimits(limits: Limits, refusals: Refusals): Plugin {
  const { tokens } = limits
  const found = onceFor((document: DocumentNode) => [...tooMuchIn(document, limits)])
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => {
        try {
          return parse(source, { ...options, maxTokens: tokens })
        } catch (error) {
          // graphql-js has no other sign of it
          if (!(error instanceof GraphQLError && error.message.endsWith('tokens. Parsing aborted.'))) throw error
          // Refused also where limits are only reported: what validation takes of a long one ends the gateway
          refusals.note({ limit: 'tokens', asked: null, who: 'an operation' })
          throw refusal(toldLimit('tokens', `The query has more than ${tokens} tokens`, 'Send a shorter one.'))
        }
      })
    },
    onValidate({ params: { documentAST }, setResult }) {
      const error = refusals.refuse(found(documentAST))
      if (error) setResult([error])
    },
  }
}
