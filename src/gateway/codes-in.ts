import type { ExecutionResult } from 'graphql'

/** Codes of what went wrong in an answer, each once; what is sent in parts tells none. */
export function codesIn(result: ExecutionResult | AsyncIterable<unknown> | readonly unknown[] | undefined): string[] {
  const errors = result && 'errors' in result ? (result.errors ?? []) : []
  return [...new Set(errors.map(({ extensions }) => String(extensions?.['code'] ?? 'without a code')))]
}
