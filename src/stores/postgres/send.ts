import pg from 'pg'
import { arrivedOf } from '../../util/ending.ts'
import { messageOf } from '../../util/errors.ts'
import { onceFor } from '../../util/once-for.ts'
import { ConnectionFailure, isClear } from './connection-failure.ts'
import { CopyIn, CopyInQuery } from './copy-in.ts'
import { CountedQuery } from './counted-query.ts'
import type { Prepared } from './prepared.ts'

const maxParameters = 65_535

/** Statements that a connection keeps prepared: each takes tens of kilobytes of the server. An API's shapes are far fewer. */
const maxPrepared = 500
const preparedOn = onceFor((_: pg.PoolClient) => new Set<string>())

export interface Answer<T> {
  readonly command: string
  readonly rows: T[]
}

/**
 * Sends one statement.
 *
 * @param onFail called as soon as it has failed: before this returns where it could not be sent.
 * @throws ConnectionFailure where the connection breaks, or nothing comes within the time; the reason of the signal.
 */
export function send<T>(
  client: pg.PoolClient,
  statement: Prepared | CopyIn,
  values: readonly unknown[],
  timeoutMs: number,
  failure: 'unreachable' | 'unknown',
  signal?: AbortSignal,
  onFail?: () => void,
): Promise<Answer<T>> {
  // One promise for the answer, the limit and the signal: this is the hottest path there is
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const end = (error: unknown): void => {
      settle()
      onFail?.()
      reject(error)
    }
    const onAbort = (): void => end(signal!.reason)
    const brokenBy = (cause: Error): ConnectionFailure =>
      new ConnectionFailure(failure, `PostgreSQL broke the connection: ${messageOf(cause)}`, { cause })
    const onLate = (): void => end(new ConnectionFailure(failure, `PostgreSQL did not answer within ${timeoutMs} ms`))
    const timer = setTimeout(onLate, timeoutMs)
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort)
    // The protocol counts them in 16 bits, and what is more would look like a broken connection
    if (values.length > maxParameters) return end(new RangeError(`a statement has at most ${maxParameters} parameters`))
    const onAnswer = (error: Error | undefined, result: pg.ResultBuilder): void => {
      if (error) end(isClear(error) ? error : brokenBy(error))
      else {
        settle()
        // The rows are what whoever wrote the statement says: no driver knows more
        resolve(result as unknown as Answer<T>)
      }
    }
    if (statement instanceof CopyIn) {
      client.query(new CopyInQuery(statement, onAnswer))
      return
    }
    if (statement.name !== undefined) preparedOn(client).add(statement.name)
    const arrived = arrivedOf(signal)
    const query = arrived
      ? new CountedQuery(statement.text, values, onAnswer, { arrived, onTooMuch: end })
      : new pg.Query(statement.text, [...values], onAnswer)
    // Named behind its making: of an object pg would copy every member by its descriptor, for each call
    client.query(Object.assign(query, { name: statement.name }))
  })
}

/**
 * What is broken is closed at once: the pool would wait for the answers that a server which hangs never gives. One that
 * keeps too many statements prepared is closed, too, and the server forgets them with it: pg cannot be told that one was
 * deallocated.
 */
export function giveBack(client: pg.PoolClient, broken: boolean): void {
  if (broken) client.connection.stream.destroy()
  client.release(broken || preparedOn(client).size >= maxPrepared)
}
