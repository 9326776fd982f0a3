import type { DocumentNode, GraphQLError } from 'graphql'
import type { Meter } from '../routing/meter.ts'
import { toldLimit } from '../routing/past-limit.ts'
import type { Routing } from '../routing/routing.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import { chosenOperation } from './chosen-operation.ts'
import type { Limits } from './limits.ts'
import { refusal } from './refusal.ts'

/** A request that asks for more than a limit allows. */
export interface Past {
  /** Its key in the config. */
  readonly limit: Exclude<keyof Limits, 'reportOnly'>
  /** Null where it was not counted to the end. */
  readonly asked: number | null
  /** For the log: no part of it but names of GraphQL may be a client's. */
  readonly who: string
}

/** Likewise, with what the client is told. */
export interface TooMuch extends Past {
  /** What is too much, without a full stop. */
  readonly fact: string
  /** What the client can do. */
  readonly advice?: string
}

/** How a line of a log names who asks. */
export function whoAsks(document: DocumentNode, operationName: string | null | undefined): string {
  const name = chosenOperation(document, operationName)?.name
  return name ? `operation ${name}` : 'an operation without a name'
}

/** Tells clients which limit refuses them, and the operator, once a minute each: clients choose how often they are. */
export class Refusals {
  readonly #limits: Limits
  readonly #log: Routing['log']
  readonly #meter: Pick<Meter, 'refused'> | undefined
  readonly #seldom = new Seldom(60_000)

  constructor(limits: Limits, log: Routing['log'], meter?: Pick<Meter, 'refused'>) {
    this.#limits = limits
    this.#log = log
    this.#meter = meter
  }

  note({ limit, asked, who }: Past, isRefused = true): void {
    this.#meter?.refused(limit, isRefused)
    const held = this.#seldom.due(limit)
    if (held === null) return
    const what = `limits.${limit} ${isRefused ? 'refuses' : 'would refuse'} ${who}`
    const numbers = `asked ${asked === null ? 'for more' : `for ${asked}`}, allowed ${this.#limits[limit]}`
    this.#log('warn', `${what}: ${numbers}${heldBack(held)}`)
  }

  /**
   * The client's error, of limits that are looked at before anything runs: all that are passed, so that nobody mends one
   * to meet the next. Null where none is, or such limits only report.
   */
  refuse(passed: readonly TooMuch[]): GraphQLError | null {
    const isRefused = !this.#limits.reportOnly
    for (const past of passed) this.note(past, isRefused)
    if (!isRefused || passed.length === 0) return null
    const told = new Set(passed.map(({ limit, fact, advice }) => toldLimit(limit, fact, advice)))
    return refusal([...told].join(' '))
  }
}
