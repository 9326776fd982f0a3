import type { RawBuilder } from 'kysely'
import pg from 'pg'
import { announce } from './announce.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { CopyIn } from './copy-in.ts'
import { type Executor, executorOf, type Rows } from './executor.ts'
import { compile, type Prepared } from './prepared.ts'
import { type Answer, giveBack, send } from './send.ts'

/** What runs inside of one transaction. */
export interface Transaction extends Executor {
  /**
   * Sends the statements with COMMIT behind them, all at once; nothing can be asked afterwards. Each of them runs
   * whatever those before it found: one that has to stop the others raises.
   *
   * @returns the rows of the last one, once all is committed.
   */
  commit<T = Record<string, unknown>>(statements: readonly (RawBuilder<unknown> | CopyIn)[]): Promise<Rows<T>>
  /**
   * Sends the statements at once, as one step: where one of them fails, nothing of the step stands, and the transaction
   * goes on. One step at a time.
   *
   * @returns the rows of the last one.
   */
  step<T = Record<string, unknown>>(statements: readonly RawBuilder<unknown>[]): Promise<Rows<T>>
  /** Has the connection closed behind it: what is run may change its session for whoever would have it next. */
  spend(): void
  /** Closes the connection, and the server ends what it is at: whatever waits for an answer fails, and nothing stands. */
  cut(): void
}

/** Told by what comes behind it. */
const ignore = (): void => undefined

const command = (text: string): Prepared => ({ text, name: undefined })

/** See `PostgresConnection.transaction`. Gives the connection back. */
export async function transaction<T>(
  client: pg.PoolClient,
  patienceMs: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const given: Promise<unknown>[] = []
  let waiting = 0
  let failed = false
  let over = false
  let broken = true
  let spent = false

  function sendOne<T>(
    statement: Prepared | CopyIn,
    values: readonly unknown[],
    onFail?: () => void,
  ): Promise<Answer<T>> {
    waiting++
    // Each that was sent before it has the server for its own time first
    const sent = send<T>(client, statement, values, waiting * patienceMs, 'unreachable', undefined, onFail)
    const answered = sent.finally(() => waiting--)
    answered.catch(ignore)
    return answered
  }

  function give<T>(statement: Prepared | CopyIn, values: readonly unknown[] = []): Promise<Answer<T>> {
    const answered = sendOne<T>(statement, values, () => {
      failed = true
    })
    given.push(answered)
    return answered
  }

  async function step<T>(statements: readonly RawBuilder<unknown>[]): Promise<Rows<T>> {
    if (over) throw new Error('The transaction is over.')
    const compiled = statements.map(compile)
    const sent = [
      sendOne<T>(command('savepoint step'), []),
      ...compiled.map(({ prepared, values }) => sendOne<T>(prepared, values)),
      sendOne<T>(command('release savepoint step'), []),
    ]
    try {
      const answers = await Promise.all([begun, ...sent])
      return answers.at(-2)!.rows as T[]
    } catch (error) {
      await Promise.allSettled(sent)
      // Where the connection is lost so is the transaction, and this fails as well
      await give(command('rollback to savepoint step; release savepoint step')).catch(ignore)
      throw error
    }
  }

  /** @throws where it is not committed, or nobody knows. */
  async function end(): Promise<void> {
    over = true
    // One that could not even be sent is missing among those that were: they must not stand without it
    const committing = !failed
    const ended = give(command(committing ? 'commit' : 'rollback'))
    const fault = await Promise.all(given).then(
      () => null,
      (error: unknown) => ({ error }),
    )
    if (!fault) {
      broken = false
      return
    }
    const { error } = fault
    const isSilent = error instanceof ConnectionFailure
    const last = isSilent
      ? null
      : await ended.then(
          ({ command }) => command,
          (reason: unknown) => (reason === error ? 'refused' : null),
        )
    // A constraint or a conflict is a refusal; anything else, a server that goes down included, is silence
    const isRefusal = last === 'refused' && error instanceof pg.DatabaseError && /^(23|40)/.test(error.code ?? '')
    broken = last !== 'ROLLBACK' && !isRefusal
    // Where a statement failed and COMMIT did not, it was BEGIN that failed, and each stands by itself
    const mayStand = isSilent || last === 'COMMIT' || (last === 'refused' && !isRefusal)
    if (committing && mayStand) throw new ConnectionFailure('unknown', 'COMMIT was not answered', { cause: error })
    throw error
  }

  const tx: Transaction = {
    // Answers come in order, so that waiting for `begin` costs nothing; where it fails, so does what was sent with it
    ...executorOf(async <T>(statement: Prepared, values: readonly unknown[]) => {
      if (over) throw new Error('The transaction is over; a statement of it would run, and stand, by itself.')
      const [{ rows }] = await Promise.all([give<T>(statement, values), begun])
      return rows
    }),
    async commit<T>(statements: readonly (RawBuilder<unknown> | CopyIn)[]) {
      if (over) throw new Error('The transaction is over.')
      // All of them, before the first is sent
      const compiled = statements.map((each) =>
        each instanceof CopyIn ? { prepared: each, values: [] } : compile(each),
      )
      const sent = compiled.map(({ prepared, values }) => give<T>(prepared, values))
      await end()
      return (await sent.at(-1))?.rows ?? []
    },
    step,
    spend() {
      spent = true
    },
    cut() {
      client.connection.stream.destroy()
    },
  }

  const begun = give(command(`begin; ${announce}`))
  try {
    const result = await work(tx)
    if (!over) await end()
    return result
  } catch (error) {
    if (!over) {
      over = true
      // Where nothing was answered the connection is thrown away, and the server rolls back
      if (!(error instanceof ConnectionFailure))
        await give(command('rollback')).then(() => {
          broken = false
        }, ignore)
    }
    throw error
  } finally {
    giveBack(client, broken || spent)
  }
}
