import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import timers from 'node:timers/promises'
import { type Event, simulated } from './world.ts'

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  now: performance.now.bind(performance),
  utilization: performance.eventLoopUtilization.bind(performance),
  random: Math.random,
  sleep: timers.setTimeout,
}

/** A timer of a place's clock. It stops with its place, and nothing real waits for it. */
class Timer {
  event: Event | null = null

  clear(): void {
    if (this.event) this.event.isOff = true
  }

  unref(): this {
    return this
  }

  ref(): this {
    return this
  }

  hasRef(): boolean {
    return false
  }

  refresh(): this {
    return this
  }
}

function startTimer(run: (...args: unknown[]) => void, ms = 0, args: unknown[] = [], repeats = false): Timer {
  const { world, place } = simulated()!
  const timer = new Timer()
  const fire = (): void => {
    if (timer.event!.isOff) return // it was due while its place was paused
    if (repeats) timer.event = world.schedulePlace(place, Math.max(1, ms), fire)
    run(...args)
  }
  timer.event = world.schedulePlace(place, Math.max(1, ms), fire)
  return timer
}

/**
 * Gives code that runs in a simulation its place's clock, by the names by which it asks for one anyway: so the code under
 * test is the code that ships, with no door in it for another clock. Code elsewhere has the real one.
 */
export function installVirtualTime(): void {
  const nowOf = (): number | null => {
    const found = simulated()
    return found ? found.world.dateAt(found.place) : null
  }
  // No proxy, by which each `instanceof Date` would go, and they are many
  function PlaceDate(...args: unknown[]): unknown {
    if (new.target === undefined) return real.Date()
    const now = args.length === 0 ? nowOf() : null
    return Reflect.construct(real.Date, now === null ? args : [now], new.target === PlaceDate ? real.Date : new.target)
  }
  PlaceDate.prototype = real.Date.prototype
  PlaceDate.now = () => nowOf() ?? real.Date.now()
  globalThis.Date = Object.setPrototypeOf(PlaceDate, real.Date)
  const timer =
    (repeats: boolean) =>
    (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): unknown =>
      simulated() ? startTimer(run, ms, args, repeats) : real[repeats ? 'setInterval' : 'setTimeout'](run, ms, ...args)
  const clear =
    (fallback: (id: never) => void) =>
    (id: unknown): void => {
      if (id instanceof Timer) id.clear()
      else fallback(id as never)
    }
  Object.assign(globalThis, {
    setTimeout: timer(false),
    setInterval: timer(true),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
  })
  Object.assign(performance, {
    now: () => {
      const found = simulated()
      return found ? found.world.now * found.place.rate : real.now()
    },
    // Nothing in a simulation keeps the loop busy
    eventLoopUtilization: (...args: Parameters<typeof real.utilization>) =>
      simulated() ? { idle: 1, active: 0, utilization: 0 } : real.utilization(...args),
  })
  Math.random = () => simulated()?.world.random.next() ?? real.random()
  Object.assign(timers, {
    setTimeout: (ms?: number, value?: unknown, options?: { readonly signal?: AbortSignal }) => {
      if (!simulated()) return real.sleep(ms, value, options)
      return new Promise((resolve, reject) => {
        const pending = startTimer(() => resolve(value), ms)
        options?.signal?.addEventListener('abort', () => {
          pending.clear()
          reject(options.signal!.reason)
        })
      })
    },
  })
  syncBuiltinESMExports()
}
