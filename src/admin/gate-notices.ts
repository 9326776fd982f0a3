import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Flag } from '../control/flag.ts'
import { flagsInForce } from '../control/flags-in-force.ts'
import type { Notices } from '../control/notices.ts'
import type { Entity } from '../entity/entity.ts'
import { type GateState, gateText } from '../evidence/look-at.ts'
import { nextStage } from '../evidence/type-evidence.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import type { Stage } from '../stage/stage.ts'
import { overwrite, parseAs } from '../stores/ledger.ts'
import { messageOf } from '../util/errors.ts'
import { Seldom } from '../util/seldom.ts'
import { asksGates, type GatedApp } from './asks-gates.ts'

/** Gates read much, and nobody promotes a type in the minute in which one was lost. */
const everyMs = 300_000

/** The claim of the gateway that looks, so that one tells, and the entries of what it has seen, by type. */
const [claim, metKind] = ['gates that are met', 'gates-met']

const form = z.object({ from: z.string(), met: z.array(z.string()) })

interface GateNoticesOptions {
  readonly app: GatedApp
  readonly stores: Stores
  readonly notices: Notices
  readonly log: Routing['log']
}

/** Tells where a gate of a type's next stage was met and is not any more, as by a difference that has come back. */
export class GateNotices {
  readonly #options: GateNoticesOptions
  readonly #ask: ReturnType<typeof asksGates>
  readonly #owner = randomUUID()
  readonly #seldom = new Seldom(12 * everyMs)
  #timer: NodeJS.Timeout | undefined

  constructor(options: GateNoticesOptions) {
    this.#options = options
    this.#ask = asksGates(options.app, options.stores)
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Of all types, where no other gateway does. Never rejects: what cannot be looked at now is looked at later. */
  async look(): Promise<void> {
    const { app, stores, log } = this.#options
    try {
      if (!(await stores.postgres.ledger.claim(claim, this.#owner, everyMs))) return
      const { byType } = await flagsInForce(stores)
      for (const entity of app.entities) await this.#lookAt(entity, byType.get(entity.name))
    } catch (error) {
      if (this.#seldom.due('') !== null) log('warn', `Gates could not be looked at: ${messageOf(error)}`)
    }
  }

  /** Never rejects: one type does not keep others from being looked at. */
  async #lookAt(entity: Entity, flag: Flag | undefined): Promise<void> {
    if (flag?.state !== 'steady') return
    const { name } = entity
    try {
      const states = await this.#ask(entity, flag, nextStage(flag.stage))
      await this.#compare(entity, flag.stage, states)
    } catch (error) {
      if (this.#seldom.due(name) === null) return
      this.#options.log('warn', `Gates of ${name} could not be looked at: ${messageOf(error)}`)
    }
  }

  /** With what was seen at the same stage the last time. */
  async #compare({ name: type }: Entity, from: Stage, states: readonly GateState[]): Promise<void> {
    const { ledger } = this.#options.stores.postgres
    const last = parseAs(form, (await ledger.get(metKind, type))?.value ?? null)
    const before = last?.from === from ? last.met : []
    for (const state of states) {
      const { gate, met, found } = state
      if (met || !before.includes(gate)) continue
      const text = `${type} has lost a gate of its next stage, ${gate}: ${gateText(state)}`
      this.#options.notices.send({ event: 'gate.lost', type, text, facts: { gate, found } })
    }
    const met = states.flatMap((state) => (state.met ? [state.gate] : []))
    await overwrite(ledger, metKind, type, { from, met })
  }
}
