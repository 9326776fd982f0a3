import { messageOf } from '../util/errors.ts'
import { parseAnswer, type Side } from './side.ts'

/** What an answer may take, in milliseconds. */
const limitMs = 30_000

const silent = { data: null, errors: [], heard: [], stale: [] } as const

/**
 * A server that answers GraphQL over HTTP, as the one that Crossfade takes the place of.
 *
 * @param headers sent with each request: an authorization, where one is asked for.
 */
export const server = (url: string, headers: Readonly<Record<string, string>> = {}): Side => ({
  name: new URL(url).host,
  async ask({ name, query, variables }) {
    const began = performance.now()
    const trouble = (why: string) => ({
      ...silent,
      ms: performance.now() - began,
      trouble: `${new URL(url).host} ${why}.`,
    })
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify({ query, variables, operationName: name ?? undefined }),
        signal: AbortSignal.timeout(limitMs),
      })
      const text = await response.text()
      const ms = performance.now() - began
      const answer = parseAnswer(text.startsWith('{') ? JSON.parse(text) : null)
      if (answer) return { ...answer, ms, heard: [], stale: [], trouble: null }
      return trouble(`answers with status ${response.status} and no GraphQL`)
    } catch (error) {
      const { cause } = error as { cause?: unknown }
      return trouble(`does not answer: ${messageOf(cause ?? error)}`)
    }
  },
})
