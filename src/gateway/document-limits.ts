import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives'
import { GraphQLError, parse, type ValidationRule } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Limits } from './limits.ts'
import { refusal } from './refusal.ts'

/** A rule that ends validation when it finds too much: what else is wrong is not worth the time. */
function refuse(message: string) {
  return {
    onReject: [
      () => {
        throw refusal(message)
      },
    ],
  }
}

/**
 * Bounds what a document may hold, before it is looked at closely: what validation costs grows with the square of some of
 * it. Looked at once for each document that is cached.
 */
export function documentLimits({ tokens, depth, aliases, directives }: Limits): Plugin {
  const rules = [
    maxDepthRule({
      n: depth,
      flattenFragments: true,
      ...refuse(`The query is nested more than ${depth} deep. Ask for fewer levels.`),
    }),
    maxAliasesRule({
      n: aliases,
      ...refuse(`The query has more than ${aliases} aliases. Send fewer at a time, or ask for a list.`),
    }),
    maxDirectivesRule({ n: directives, ...refuse(`The query has more than ${directives} directives. Use fewer.`) }),
  ] as readonly ValidationRule[]
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => {
        try {
          return parse(source, { ...options, maxTokens: tokens })
        } catch (error) {
          // graphql-js has no other sign of it
          if (!(error instanceof GraphQLError && error.message.endsWith('tokens. Parsing aborted.'))) throw error
          throw refusal(`The query has more than ${tokens} tokens. Send a shorter one.`)
        }
      })
    },
    onValidate({ addValidationRule }) {
      for (const rule of rules) addValidationRule(rule)
    },
  }
}
