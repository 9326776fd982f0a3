import { AsyncLocalStorage } from 'node:async_hooks'
import type { Random } from './random.ts'

/** Where code runs: a gateway, a command, a store. Each has a clock of its own. */
export interface Place {
  readonly name: string
  /** Milliseconds of its clock for each of the world's. */
  readonly rate: number
  /** How far its clock is from the world's, in milliseconds. */
  readonly ahead: number
  /** What would have happened while it was paused; null while it runs. */
  paused: (() => void)[] | null
  /** Nothing of it goes on any more. */
  dead: boolean
  /** Runs something there, whatever runs it. */
  readonly enter: (run: () => void) => void
}

/** Something that is to happen. */
export interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
  /** It is not to happen any more. */
  isOff: boolean
}

/** The world's start, in milliseconds since 1970: whatever a test does, its versions are the same. */
const epoch = Date.UTC(2026, 0, 1)

const settled = Promise.resolve()

const here = new AsyncLocalStorage<{ readonly world: World; readonly place: Place }>()

/**
 * Time, as a queue of what happens in it: nothing waits for a real clock, and the same seed gives the same history, since
 * what happens next is asked for only when all that follows from the last event has run.
 */
export class World {
  readonly random: Random
  #now = 0
  #order = 0
  /** A binary heap, soonest first. */
  readonly #events: Event[] = []

  constructor(random: Random) {
    this.random = random
  }

  get now(): number {
    return this.#now
  }

  place(name: string, rate = 1, ahead = 0): Place {
    // Its context is made once: a new one for each event takes longer than most events
    let enter: Place['enter'] = (run) => run()
    const place: Place = { name, rate, ahead, paused: null, dead: false, enter: (run) => enter(run) }
    here.run({ world: this, place }, () => {
      enter = AsyncLocalStorage.snapshot()
    })
    return place
  }

  /** @param at by the world's clock. */
  schedule(at: number, run: () => void): Event {
    const events = this.#events
    const event: Event = { at, order: this.#order++, run, isOff: false }
    let index = events.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isSooner(event, events[parent]!)) break
      events[index] = events[parent]!
      index = parent
    }
    events[index] = event
    return event
  }

  /** In so many milliseconds of a place's clock, if the place is still there; later where it is paused. */
  schedulePlace(place: Place, ms: number, run: () => void): Event {
    return this.schedule(this.#now + Math.max(0, ms) / place.rate, () => this.inPlace(place, run))
  }

  /** Now, in a place that may be paused. */
  inPlace(place: Place, run: () => void): void {
    if (place.dead) return
    if (place.paused) place.paused.push(run)
    else place.enter(run)
  }

  resume(place: Place): void {
    const waiting = place.paused ?? []
    place.paused = null
    for (const run of waiting) this.inPlace(place, run)
  }

  /** Milliseconds since 1970 by a place's clock. */
  dateAt(place: Place): number {
    return Math.floor(epoch + this.#now * place.rate + place.ahead)
  }

  #next(): Event | undefined {
    const events = this.#events
    const first = events[0]
    const last = events.pop()
    if (!first || first === last) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= events.length) break
      if (child + 1 < events.length && isSooner(events[child + 1]!, events[child]!)) child++
      if (!isSooner(events[child]!, last!)) break
      events[index] = events[child]!
      index = child
    }
    events[index] = last!
    return first
  }

  /** Lets time pass until something is so, or until the given time. @returns whether it became so. */
  run(until: number, isDone: () => boolean = () => false): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        try {
          if (isDone()) resolve(true)
          else if (this.#step(until)) process.nextTick(next)
          else resolve(false)
        } catch (error) {
          reject(error)
        }
      }
      // A tick comes behind all that follows from promises that are settled by now; a tick of a tick alone would not
      const next = (): void => void settled.then(go)
      process.nextTick(next)
    })
  }

  /** Has the next event happen, if it is due by then. */
  #step(until: number): boolean {
    const event = this.#due(until)
    event?.run()
    if (!event) this.#now = Math.max(this.#now, until)
    return event !== null
  }

  /** The next event that is to happen by the given time; it is time for it now. */
  #due(until: number): Event | null {
    for (let event = this.#events[0]; event && event.at <= until; event = this.#events[0]) {
      this.#next()
      this.#now = Math.max(this.#now, event.at)
      if (!event.isOff) return event
    }
    return null
  }
}

const isSooner = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** The world and the place that the running code is of. @throws outside of a simulation. */
export function where(): { readonly world: World; readonly place: Place } {
  const found = here.getStore()
  if (!found) throw new Error('This runs outside of the simulation.')
  return found
}

export const simulated = (): { readonly world: World; readonly place: Place } | undefined => here.getStore()
