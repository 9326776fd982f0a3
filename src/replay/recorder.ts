import { randomBytes } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type DocumentNode, type GraphQLSchema, getOperationAST, getVariableValues } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { errorText } from '../shadow/redact.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import { readRecordSwitch } from './record-switch.ts'
import { OperationRecorder } from './recorded-operation.ts'
import { headerOf, type LeftOut, type RecordedLine } from './recording.ts'
import { expireRecordings, recordingsIn } from './recordings.ts'
import { tokensOf } from './token.ts'

export interface RecorderOptions {
  readonly schema: GraphQLSchema
  readonly entities: readonly Entity[]
  readonly dataDir: string
  /** Of the gateway. */
  readonly instance: string
  /** The share that is recorded while no command says otherwise; default 0. */
  readonly percent?: number | undefined
  /** What all recordings of the data directory may take; default 100,000,000. */
  readonly maxBytes?: number | undefined
  /** How old one may be, in milliseconds. */
  readonly maxAgeMs: number
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** An operation that is executed. */
export interface Executed {
  readonly document: DocumentNode
  readonly operationName: string | null | undefined
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>
  /** What the request held, about: what waits is bounded by it. */
  readonly bytes: number
}

/** What may wait to be written: operations, and bytes of their requests. */
const [mostWaiting, mostWaitingBytes] = [500, 8_000_000]
/** Of one line. */
const maxLine = 1_000_000
/** Between two writes, and two looks at what a command says, in milliseconds. */
const everyMs = 1_000
/** Taking values out gives way to requests after this long, in milliseconds. */
const stretchMs = 5
/** A recording is this share of what all of them may take; the oldest goes when a new one begins. */
const rotation = 10

/**
 * Writes a share of the operations of a gateway to a file, off the response path: a request adds one entry to a bounded
 * queue, and learns of nothing that becomes of it. Sensitive values never reach the file.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #operations: OperationRecorder
  readonly #seldom = new Seldom(60_000)
  readonly #maxBytes: number
  #percent: number
  #waiting: Executed[] = []
  #waitingBytes = 0
  #leftOut: Partial<Record<LeftOut, number>> = {}
  #file: string | null = null
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#operations = new OperationRecorder(options.schema, options.entities, tokensOf(randomBytes(32)))
    this.#maxBytes = options.maxBytes ?? 100_000_000
    this.#percent = options.percent ?? 0
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.flush().finally(() => {
        if (!this.#stopped) this.start()
      })
    }, everyMs).unref()
  }

  /** Takes a share of what is executed. Returns at once, and never throws. */
  offer(executed: Executed): void {
    if (this.#percent === 0 || Math.random() * 100 >= this.#percent) return
    const operation = getOperationAST(executed.document, executed.operationName)?.operation
    if (operation === 'mutation') this.#leave('mutations')
    else if (operation === 'subscription') this.#leave('subscriptions')
    else if (executed.bytes > maxLine) this.#leave('too large')
    else if (this.#waiting.length >= mostWaiting || this.#waitingBytes + executed.bytes > mostWaitingBytes)
      this.#leave('no room')
    else if (operation) {
      this.#waiting.push(executed)
      this.#waitingBytes += executed.bytes
    }
  }

  /** Writes what waits, and looks what a command says. Never rejects. */
  async flush(): Promise<void> {
    const { dataDir, percent = 0 } = this.#options
    await this.#write()
    this.#percent = (await readRecordSwitch(dataDir))?.percent ?? percent
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#percent = 0
    clearTimeout(this.#timer)
    await this.#round
    await this.#write()
  }

  #leave(why: LeftOut, count = 1): void {
    this.#leftOut[why] = (this.#leftOut[why] ?? 0) + count
  }

  async #write(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    const lines = await this.#lines(waiting)
    const leftOut = this.#leftOut
    this.#leftOut = {}
    if (Object.keys(leftOut).length > 0) lines.push(lineOf({ at: new Date().toISOString(), leftOut }))
    if (lines.length === 0) return
    try {
      await this.#append(lines.join(''))
    } catch (error) {
      this.#file = null
      for (const [why, count] of Object.entries(leftOut)) this.#leave(why as LeftOut, count)
      this.#fail(error, waiting.length)
    }
  }

  async #lines(waiting: readonly Executed[]): Promise<string[]> {
    const lines: string[] = []
    let began = performance.now()
    for (const { document, operationName, variables } of waiting) {
      try {
        // A value that stands where the contract has no place for it is of a field that nobody knows
        if (!fitsVariables(this.#options.schema, document, operationName, variables)) {
          this.#leave('refused')
          continue
        }
        const operation = this.#operations.record(document, operationName, variables)
        const line = lineOf({ at: new Date().toISOString(), ...operation })
        if (line.length > maxLine) this.#leave('too large')
        else lines.push(line)
      } catch (error) {
        this.#fail(error, 1)
      }
      if (performance.now() - began < stretchMs) continue
      await turn()
      began = performance.now()
    }
    return lines
  }

  /** Opened each time: a file that was taken away meanwhile begins anew, with its header. */
  async #append(text: string): Promise<void> {
    const { dataDir, instance, schema, maxAgeMs } = this.#options
    const folder = recordingsIn(dataDir)
    if (this.#file === null) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await expireRecordings(folder, { bytes: this.#maxBytes * (1 - 1 / rotation), ageMs: maxAgeMs })
      this.#file = join(folder, `${new Date().toISOString().replaceAll(':', '')}-${instance.slice(0, 8)}.jsonl`)
    }
    const file = await open(this.#file, 'a', 0o600)
    try {
      const { size } = await file.stat()
      await file.appendFile(size === 0 ? lineOf(headerOf(schema, instance)) + text : text)
      if (size + text.length > this.#maxBytes / rotation) this.#file = null
    } finally {
      await file.close()
    }
  }

  #fail(error: unknown, count: number): void {
    this.#leave('failed', count)
    const held = this.#seldom.due('failed')
    if (held !== null) this.#options.log('warn', `Operations were not recorded: ${errorText(error)}${heldBack(held)}`)
  }
}

const lineOf = (line: RecordedLine | ReturnType<typeof headerOf>): string => `${JSON.stringify(line)}\n`

/** Whether the contract takes the variables: else nothing of the operation was executed. */
function fitsVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? []
  return getVariableValues(schema, definitions, variables, { maxErrors: 1 }).errors === undefined
}
