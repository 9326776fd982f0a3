import type { RawBuilder } from 'kysely'
import { compile, type Prepared } from './prepared.ts'

export type Rows<T> = readonly T[]

/**
 * Runs one statement: on the pool, or inside a transaction. Where the signal is aborted, the call is rejected at once with
 * its reason; the server is asked to end the statement, and nobody has the connection before it has.
 */
export interface Executor {
  run<T = Record<string, unknown>>(statement: RawBuilder<unknown>, signal?: AbortSignal): Promise<Rows<T>>
  runPrepared<T = Record<string, unknown>>(
    statement: Prepared,
    values: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<Rows<T>>
}

export function executorOf(runPrepared: Executor['runPrepared']): Executor {
  const executor: Executor = {
    run(statement, signal) {
      const { prepared, values } = compile(statement)
      return executor.runPrepared(prepared, values, signal) // one way, which can be watched
    },
    runPrepared,
  }
  return executor
}
