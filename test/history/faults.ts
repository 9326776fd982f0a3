import { setTimeout as sleep } from 'node:timers/promises'
import { type Origin, origins } from '../../src/util/origin.ts'
import type { Random } from '../model/random.ts'
import type { SteppedDown } from './doors.ts'
import type { Member, Setting } from './setting.ts'

/** What goes wrong, and what ends it. */
export interface Fault {
  readonly text: string
  begin(): Promise<void> | void
  readonly lastsMs: number
  end(): Promise<void> | void
}

type Make = (setting: Setting, random: Random) => Fault

const oneOf = ({ members }: Setting, random: Random): Member => random.pick(members)
const within = (random: Random, from: number, to: number): number => from + random.below(to - from)

/** Of processes. */
const ofProcesses = {
  killGateway: (setting, random) => {
    const { gateway } = oneOf(setting, random)
    return {
      text: `${gateway.name} is killed`,
      begin: () => gateway.kill(),
      lastsMs: within(random, 200, 4_000),
      end: () => gateway.start(),
    }
  },
  /** For less than a lease, for more, and for longer than it takes to be given up. */
  suspendGateway: (setting, random) => {
    const { gateway } = oneOf(setting, random)
    return {
      text: `${gateway.name} is suspended`,
      begin: () => gateway.suspend(true),
      lastsMs: random.pick([within(random, 300, 4_000), within(random, 6_000, 12_000), within(random, 23_000, 30_000)]),
      end: () => gateway.suspend(false),
    }
  },
  killStore: (setting, random) => {
    const origin = random.pick(origins)
    return {
      text: `${origin} is killed`,
      begin: () => setting.killStore(origin),
      lastsMs: within(random, 100, 6_000),
      end: () => setting.startStore(origin),
    }
  },
} as const satisfies Readonly<Record<string, Make>>

/** Of the way of one gateway, or of the operator's commands, to one store. */
function onTheWay(
  kind: string,
  toMs: number,
  begin: (way: Way) => void,
  end: (way: Way) => void = () => undefined,
): Make {
  return ({ members, operator }, random) => {
    const who = random.pick([...members, null])
    const origin = random.pick(origins)
    const proxy = (who?.doors ?? operator).proxies[origin]
    const number = random.next()
    const text = `${kind}: ${who?.gateway.name ?? 'the operator'} and ${origin}`
    return {
      text,
      begin: () => begin({ proxy, number }),
      lastsMs: within(random, 300, toMs),
      end: () => end({ proxy, number }),
    }
  }
}

interface Way {
  readonly proxy: Setting['operator']['proxies'][Origin]
  /** From 0 to below 1. */
  readonly number: number
}

const onTheNetwork = {
  slow: onTheWay(
    'slow',
    8_000,
    ({ proxy, number }) => proxy.delay(Math.round(20 + number * 800)),
    ({ proxy }) => proxy.delay(0),
  ),
  reset: onTheWay('reset', 400, ({ proxy }) => proxy.cut()),
  refused: onTheWay(
    'refused',
    6_000,
    ({ proxy }) => proxy.close(true),
    ({ proxy }) => proxy.close(false),
  ),
  hangs: onTheWay(
    'hangs',
    12_000,
    ({ proxy }) => proxy.hang(true),
    ({ proxy }) => proxy.hang(false),
  ),
  late: onTheWay(
    'what is sent comes late',
    10_000,
    ({ proxy }) => proxy.hold(true),
    ({ proxy }) => proxy.hold(false),
  ),
  halfOpen: onTheWay('half-open', 400, ({ proxy }) => proxy.strand()),
  requestsLost: onTheWay(
    'requests are lost',
    6_000,
    ({ proxy }) => proxy.lose('request'),
    ({ proxy }) => proxy.lose(null),
  ),
  answersLost: onTheWay(
    'answers are lost',
    6_000,
    ({ proxy }) => proxy.lose('answer'),
    ({ proxy }) => proxy.lose(null),
  ),
  steppedDown: (setting, random) => {
    const codes: readonly SteppedDown[] = [10107, 91, 189]
    const code = random.pick(codes)
    const all = [...setting.members.map(({ doors }) => doors), setting.operator]
    return {
      text: `mongo stepped down, ${code}`,
      begin: () => {
        for (const doors of all) doors.stepDown(code)
      },
      lastsMs: within(random, 300, 5_000),
      end: () => {
        for (const doors of all) doors.stepDown(null)
      },
    }
  },
} as const satisfies Readonly<Record<string, Make>>

/** Three at a time at most. */
const families: readonly Readonly<Record<string, Make>>[] = [ofProcesses, onTheNetwork, onTheNetwork]

/** When a fault was, by the clients' clock. */
export interface Trouble {
  readonly name: string
  readonly start: number
  end: number
}

export interface Faults {
  readonly troubles: readonly Trouble[]
  /** Begins no more, and ends those that are. */
  stop(): Promise<void>
}

/** Calm, and storms of faults behind it, by turns, in milliseconds. */
const calmMs = 15_000
const stormMs = 25_000

export function startFaults(setting: Setting, random: (family: number) => Random, log: (line: string) => void): Faults {
  const troubles: Trouble[] = []
  const stopped = new AbortController()
  const wait = (ms: number) => sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined)
  const began = performance.now()
  const run = async (family: Readonly<Record<string, Make>>, own: Random): Promise<void> => {
    while (!stopped.signal.aborted) {
      const at = (performance.now() - began) % (calmMs + stormMs)
      if (at < calmMs) await wait(calmMs - at)
      else await wait(own.below(2_500))
      if (stopped.signal.aborted) return
      const [name, make] = own.pick(Object.entries(family))
      const fault = make(setting, own)
      const trouble = { name, start: performance.now(), end: Number.POSITIVE_INFINITY }
      troubles.push(trouble)
      log(`${fault.text} for ${fault.lastsMs} ms`)
      await fault.begin()
      await wait(fault.lastsMs)
      await fault.end()
      trouble.end = performance.now()
    }
  }
  const runs = families.map((family, n) => run(family, random(n)))
  return {
    troubles,
    async stop() {
      stopped.abort()
      await Promise.all(runs)
    },
  }
}
