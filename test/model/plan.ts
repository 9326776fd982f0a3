import type { FaultKind } from './faults.ts'
import type { ways } from './movers.ts'
import { type Random, randomOf } from './random.ts'

/** What goes on in a history. */
export interface Plan {
  readonly seed: number
  readonly faults: readonly FaultKind[]
  /** About how many milliseconds pass between two faults, and between two commands. */
  readonly faultEveryMs: number
  readonly moveEveryMs: number
  readonly lastsMs: number
  readonly gateways: number
  /** The longest that a message of a gateway usually takes, in milliseconds. */
  readonly latencyMs: number
  /** The same of a command. */
  readonly commandLatencyMs: number
  /** How many records there are at most. */
  readonly ids: number
  /** Whether there are two types, in one group. */
  readonly isGrouped: boolean
  /** Whether some writes have a condition, or are decided by code. */
  readonly hasRules: boolean
  /** Where operators go: from stage to stage by chance, or from `off` to `live` and back. */
  readonly way: keyof typeof ways
}

const kinds = ['crash', 'pause', 'stop', 'outage', 'network', 'deposed'] as const satisfies readonly FaultKind[]

/** Hot records race, cold ones keep what was missed. */
const someIds = (random: Random): number => random.pick([1, 2, 4, 12])

/** Each family of histories meets rules that the others hardly come near. */
const families: readonly ((
  random: Random,
) => Omit<Plan, 'seed' | 'isGrouped' | 'hasRules' | 'way'> & Partial<Pick<Plan, 'way'>>)[] = [
  (random) => ({
    faults: [],
    latencyMs: random.pick([2, 100]),
    commandLatencyMs: random.pick([2, 200]),
    faultEveryMs: 0,
    moveEveryMs: 800,
    lastsMs: 8_000,
    gateways: 2,
    ids: someIds(random),
  }),
  (random) => ({
    faults: [random.pick(kinds)],
    latencyMs: random.pick([2, 100]),
    commandLatencyMs: 2,
    faultEveryMs: random.pick([1_000, 3_000]),
    moveEveryMs: random.pick([800, 2_000]),
    lastsMs: 12_000,
    gateways: random.pick([1, 2, 3]),
    ids: someIds(random),
  }),
  (random) => ({
    faults: kinds,
    latencyMs: random.pick([2, 50]),
    commandLatencyMs: random.pick([2, 200]),
    faultEveryMs: random.pick([1_000, 3_000]),
    moveEveryMs: random.pick([800, 2_000]),
    lastsMs: random.pick([10_000, 20_000]),
    gateways: random.pick([1, 2, 3]),
    ids: someIds(random),
  }),
  // Whoever moves authority is quick, and those who have to know of it are slow
  (random) => ({
    faults: random.pick([[], ['crash'], ['crash', 'network']]),
    latencyMs: random.pick([400, 1_200]),
    commandLatencyMs: 2,
    faultEveryMs: 2_000,
    moveEveryMs: random.pick([500, 2_000]),
    lastsMs: 12_000,
    gateways: random.pick([1, 2, 3]),
    ids: someIds(random),
  }),
  // Gateways are gone for longer than a lease, and come back
  (random) => ({
    faults: random.pick([['pause'], ['deposed'], ['pause', 'deposed', 'network']]),
    latencyMs: random.pick([2, 800]),
    commandLatencyMs: 2,
    faultEveryMs: 6_000,
    moveEveryMs: 3_000,
    lastsMs: 50_000,
    gateways: 2,
    ids: someIds(random),
  }),
  // Writes come so late that authority has moved, to and fro, since they were sent
  (random) => ({
    faults: ['late'],
    latencyMs: 2,
    commandLatencyMs: 2,
    faultEveryMs: 2_000,
    moveEveryMs: random.pick([1_000, 3_000]),
    lastsMs: 30_000,
    gateways: random.pick([1, 2]),
    ids: someIds(random),
    way: random.pick(['wander', 'toAndFro']),
  }),
]

export function planOf(seed: number): Plan {
  const random = randomOf(seed ^ 0x5eed)
  const isGrouped = randomOf(seed ^ 0x6009).chance(0.25)
  const hasRules = randomOf(seed ^ 0x2a1e).chance(0.3)
  return { seed, isGrouped, hasRules, way: 'wander', ...random.pick(families)(random) }
}

/** Smaller plans of the same seed, most of all first. */
export const smaller = (plan: Plan): Plan[] => [
  ...(plan.faults.length > 1 ? plan.faults.map((kind) => ({ ...plan, faults: [kind] })) : []),
  ...(plan.faults.length > 2
    ? plan.faults.map((kind) => ({ ...plan, faults: plan.faults.filter((f) => f !== kind) }))
    : []),
  ...(plan.isGrouped ? [{ ...plan, isGrouped: false }] : []),
  ...(plan.hasRules ? [{ ...plan, hasRules: false }] : []),
  ...(plan.gateways > 1 ? [{ ...plan, gateways: plan.gateways - 1 }] : []),
  ...(plan.lastsMs > 2_000
    ? [0.5, 0.75, 0.9].map((part) => ({ ...plan, lastsMs: Math.round(plan.lastsMs * part) }))
    : []),
]
