import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExecutionArgs, GraphQLError } from 'graphql'
import { type GraphQLParams, isAsyncIterable, type Plugin } from 'graphql-yoga'
import { toldLimit } from '../routing/past-limit.ts'
import { small } from './by-size.ts'
import { discard, hangUp } from './discard.ts'
import { HeldBodies } from './held-bodies.ts'
import type { Limits } from './limits.ts'
import { refusal } from './refusal.ts'
import type { Refusals } from './refusals.ts'
import { noRoom } from './when-room.ts'

/** Parts that a body may come in: each costs as much as a hundred bytes, however small it is. */
const mostParts = 5_000

/** Parts that are held at a time: as objects, those of one byte take hundreds of times as much as joined. */
const mostHeld = 1_000

interface BodyRules {
  readonly most: number
  /** What its sender is told where it is of more bytes. */
  readonly whenMore: () => Error
  /** Told how long it is, again and again, where it is not small. @returns what its sender is told where there is no room. */
  readonly keep: (length: number, isWhole?: boolean) => Error | null
}

/** The whole body. What is wrong with it is told as soon as it shows; the rest is thrown away. */
function bodyOf(request: IncomingMessage, { most, whenMore, keep }: BodyRules): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let [length, parts] = [0, 0]
    const refuse = (error: Error, end = discard): void => {
      request.off('data', take).off('end', whole) // it may end all the same, and is no body then
      chunks.length = 0
      end(request)
      reject(error)
    }
    const take = (chunk: Buffer): void => {
      length += chunk.length
      parts++
      if (length > most) refuse(whenMore())
      else if (parts > mostParts) refuse(refusal(`The body comes in more than ${mostParts} parts.`, 413), hangUp)
      else {
        chunks.push(chunk)
        const full = length > small ? keep(length) : null
        if (full) refuse(full)
      }
      if (chunks.length === mostHeld) chunks.splice(0, mostHeld, Buffer.concat(chunks))
    }
    const whole = (): void => {
      if (length > small) keep(length, true)
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length))
    }
    if (Number(request.headers['content-length'] ?? 0) > most) return refuse(whenMore())
    request
      .on('data', take)
      .once('end', whole)
      .once('error', () => reject(refusal('The request ended before its body did.', 400))) // nobody is there to read it
  })
}

const isJson = (contentType: string): boolean =>
  contentType === 'application/json' || /^application\/(graphql\+)?json *($|[;,])/i.test(contentType)

/** What a request asks, of a body in JSON: an object, or a list of them, which Yoga refuses. */
function parseJson(body: Buffer): object {
  const text = body.toString()
  // Some clients begin UTF-8 with a byte order mark, which a reader of JSON may skip (RFC 8259, 8.1)
  const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  if (typeof value === 'object' && value !== null) return value
  throw refusal('The body of the request must be an object with a `query`.', 400)
}

/** Also of the variables in an address or a form. */
function toldAsMistake(error: unknown): never {
  throw error instanceof SyntaxError ? refusal('What the request gives as JSON cannot be read as such.', 400) : error
}

/** What Yoga hands from hook to hook. */
interface Context {
  readonly req?: IncomingMessage
  readonly res?: ServerResponse
  /** What the request asks, once it is parsed. */
  params?: GraphQLParams
}

/**
 * Reads bodies from Node's stream and counts their bytes while they arrive. Yoga's own limit does so in web streams,
 * which each request would pay for. What is made of a body is kept until the request's answer is made, and of a stream of
 * events until it ends, so it counts that long.
 */
export function requestBody({ bodyBytes: most, requestBytes }: Limits, refusals: Refusals): Plugin<object, Context> {
  const held = new HeldBodies(requestBytes)
  const fact = `The body of the request is larger than ${most} bytes`
  const tooLarge = (): GraphQLError => {
    refusals.note({ limit: 'bodyBytes', asked: null, who: 'a request' })
    return refusal(toldLimit('bodyBytes', fact, 'Send a smaller one.'), 413)
  }
  const full = (): GraphQLError => {
    refusals.note({ limit: 'requestBytes', asked: null, who: 'a request' })
    return noRoom('requestBytes', 'Too many requests with large bodies are under way')
  }
  function keeping(request: IncomingMessage, response: ServerResponse): BodyRules['keep'] {
    let isKept = false
    return (length, isWhole = false) => {
      if (response.closed) return null // what arrives behind the end of its connection is nobody's
      if (!held.keep(request, length, isWhole)) return full()
      if (!isKept) response.once('close', () => held.release(request))
      isKept = true
      return null
    }
  }
  return {
    onRequestParse({ request, requestParser, serverContext, setRequestParser, fetchAPI }) {
      const { req, res } = serverContext
      if (!requestParser || !req || !res) return // without them the request was made in this process
      const body = (): Promise<Buffer> => bodyOf(req, { most, whenMore: tooLarge, keep: keeping(req, res) })
      const parse = async (): Promise<Awaited<ReturnType<typeof requestParser>>> => {
        // Of Node's request: what Yoga's tells is made when it is asked for, signal and all
        if (req.method !== 'POST') return requestParser(request)
        if (isJson(req.headers['content-type'] ?? '')) return parseJson(await body())
        const { url, method, headers, signal } = request
        return requestParser(new fetchAPI.Request(url, { method, headers, signal, body: (await body()).toString() }))
      }
      setRequestParser(() => parse().catch(toldAsMistake))
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const { req, res, params = {} } = (args as ExecutionArgs).contextValue as Context
      if (!req || !res || res.closed) return
      if (!held.keepOfStream(req, params)) return setResultAndStopExecution({ errors: [full()] })
      res.once('close', () => held.release(req))
    },
    onResultProcess({ result, serverContext }) {
      if (!serverContext.req || isAsyncIterable(result)) return
      held.release(serverContext.req)
      serverContext.params = undefined // Yoga keeps it until its client has read the answer
    },
  }
}
