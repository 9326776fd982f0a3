import pg from 'pg'
import { Turns } from '../../util/turns.ts'

/** What pg has beside what its types say. */
interface Wire extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
}

interface Known {
  readonly processID: number
  readonly secretKey: number
  readonly ssl: pg.ClientConfig['ssl']
  readonly sslNegotiation?: 'postgres' | 'direct'
}

/** Requests to cancel that are under way at a time, of all pools: each is a connection and a process of the server. */
const turns = new Turns(4)

/**
 * Sends the server a request to cancel what a connection has it do, over a connection of its own, as the protocol wants
 * it ("Canceling Requests in Progress"), encrypted where the other one is: it holds a secret. A pooler hands it on.
 *
 * @param onClosed called when that connection has closed, for whatever reason: what was asked is under way by then, and
 * meets nothing that is sent later.
 */
function askToCancel(client: pg.Client & Known, onClosed: () => void): Wire {
  const { host, port, ssl, sslNegotiation = 'postgres', processID, secretKey } = client
  const wire = new pg.Connection({ ssl, sslNegotiation } as object) as Wire
  const ask = (): void => wire.cancel(processID, secretKey)
  wire.on('connect', () => {
    if (!ssl) ask()
    else if (sslNegotiation !== 'direct') wire.requestSsl()
  })
  wire.on('sslconnect', ask)
  wire.on('error', () => wire.stream.destroy()) // what was not cancelled is closed in its time
  wire.on('end', onClosed)
  if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`)
  else wire.connect(port, host)
  return wire
}

/**
 * Ends the statement that a connection has sent and not had answered.
 *
 * @param ms what that may take, in milliseconds.
 * @returns whether the connection can be used again: the server has answered, and no request to cancel is under way
 * that could meet the next statement.
 */
export async function cancelled(client: pg.PoolClient, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let [isAnswered, isAsking] = [false, false]
  let wire: Wire | undefined
  const onAnswer = (): void => {
    isAnswered = true
    if (!isAsking) resolve(true)
  }
  const onEnd = (): void => resolve(false)
  const timer = setTimeout(onEnd, ms)
  client.once('drain', onAnswer) // whatever the answer is: there is nothing else that this connection waits for
  client.once('end', onEnd)
  const turn = turns.take()
  const isMine = !turn || (await Promise.race([turn.then(() => true), promise.then(() => false)]))
  if (isMine && !isAnswered) {
    isAsking = true
    wire = askToCancel(client as unknown as pg.Client & Known, () => {
      isAsking = false
      if (isAnswered) resolve(true)
    })
  }
  const isSound = await promise
  if (isMine) turns.done()
  else void turn.then(() => turns.done())
  clearTimeout(timer)
  client.off('drain', onAnswer)
  client.off('end', onEnd)
  if (!isSound) wire?.stream.destroy()
  return isSound
}
