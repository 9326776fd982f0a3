import { type Place, type World, where } from './world.ts'

/** What is kept by one store's server, and who sees an older state of it. */
export interface Server<S> {
  readonly name: string
  readonly place: Place
  state: S
  /** It refuses whoever comes. */
  down: boolean
  /**
   * Places that still ask a server that is not the one that is written any more: it answers what was true then, and
   * acknowledges nothing. By the place's name.
   */
  readonly deposed: Map<string, S>
}

/** How messages travel between a place and a server. Probabilities are of one message. */
export interface Way {
  /** The longest that a message usually takes, in milliseconds. */
  latencyMs: number
  loseRequest: number
  loseAnswer: number
  /** It comes so late that whoever sent it has given up, and others may have begun. */
  late: number
  /** The same of a write of data: flags, signs of life and looks at what is owed have connections of their own. */
  lateWrite: number
  double: number
}

export const goodWay: Way = { latencyMs: 2, loseRequest: 0, loseAnswer: 0, late: 0, lateWrite: 0, double: 0 }

/** How late a late message may come, in milliseconds: longer than any lease. */
const latestMs = 60_000

export interface Asked<S, T> {
  readonly kind: 'read' | 'write'
  /** On a connection of the control plane. */
  readonly isControl: boolean
  readonly run: (state: S) => T
  /** After so long without an answer the caller gives up, in milliseconds of its clock. */
  readonly limitMs: number
  /** Whether the same message may arrive twice: a driver that repeats one by itself sees to it that it counts once. */
  readonly mayDouble: boolean
  /** What the caller gets where nothing was sent. */
  readonly refused: () => Error
  /** What it gets where nothing came back. */
  readonly silent: () => Error
}

/** Everything that is said between places and servers, and what becomes of it. */
export class Network {
  readonly #world: World
  readonly #ways = new Map<string, Way>()
  /**
   * Whether a message that is sent now may come very late. A write that is not owed to a mirror, and arrives in MongoDB
   * after its type has got one, is seen by nobody but `verify` and the change stream: docs/guarantees.md says so.
   */
  mayBeLate: () => boolean = () => true
  /** The longest that a message of a place usually takes, in milliseconds. */
  usualMs: (place: Place) => number = () => goodWay.latencyMs
  /** Messages that servers took. */
  messages = 0
  /** Past it nothing is answered any more. */
  most = Number.POSITIVE_INFINITY
  /** When the last of the messages arrives that are very late, by the world's clock. */
  lateAt = 0

  constructor(world: World) {
    this.#world = world
  }

  way(place: Place, server: { readonly name: string }): Way {
    const other = this.#ways.size > 0 ? this.#ways.get(`${place.name} ${server.name}`) : undefined
    return other ?? { ...goodWay, latencyMs: this.usualMs(place) }
  }

  /** @param way null as usual. */
  setWay(place: Place, server: { readonly name: string }, way: Partial<Way> | null): void {
    const key = `${place.name} ${server.name}`
    if (way) this.#ways.set(key, { ...goodWay, ...way })
    else this.#ways.delete(key)
  }

  mend(): void {
    this.#ways.clear()
  }

  ask<S, T>(server: Server<S>, asked: Asked<S, T>): Promise<T> {
    const { kind, isControl, run, limitMs, mayDouble, refused, silent } = asked
    const world = this.#world
    const { random } = world
    const { place } = where()
    const way = this.way(place, server)
    return new Promise((resolve, reject) => {
      if (server.down) return world.schedulePlace(place, 1, () => reject(refused()))
      const timer = setTimeout(() => reject(silent()), limitMs)
      const arrival = (late = way.late): number => {
        if (!this.mayBeLate() || !random.chance(late)) return world.now + 0.1 + random.next() * way.latencyMs
        const at = world.now + random.next() * latestMs
        this.lateAt = Math.max(this.lateAt, at)
        return at
      }
      const answer = (settle: () => void): void => {
        if (random.chance(way.loseAnswer)) return
        const done = (): void => {
          clearTimeout(timer)
          settle()
        }
        world.schedule(arrival(), () => world.inPlace(place, done))
      }
      const arrive = (): void =>
        world.inPlace(server.place, () => {
          this.messages++
          const old = server.deposed.get(place.name)
          if (this.messages > this.most || server.down || (old !== undefined && kind === 'write')) return
          try {
            const result = run(old ?? server.state)
            answer(() => resolve(result))
          } catch (error) {
            answer(() => reject(error))
          }
        })
      const late = kind === 'write' && !isControl ? Math.max(way.late, way.lateWrite) : way.late
      if (!random.chance(way.loseRequest)) world.schedule(arrival(late), arrive)
      if (mayDouble && random.chance(way.double)) world.schedule(arrival(), arrive)
    })
  }
}
