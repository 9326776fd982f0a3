import { setTimeout as sleep } from 'node:timers/promises'
import { STAGE_PLAN, type Stage } from '../../src/stage/stage.ts'
import type { Random } from '../model/random.ts'
import { command } from './command.ts'
import type { TypeName } from './operations.ts'
import type { Setting } from './setting.ts'

/** Authority over a type went from one store to the other, by however many commands. */
export interface Move {
  readonly type: TypeName
  readonly stage: Stage
  readonly start: number
  readonly end: number
}

export interface Movers {
  readonly moves: readonly Move[]
  /** Commands that were killed. */
  readonly killed: number
  /** What could not be moved, in words. */
  readonly broken: readonly string[]
  /** Begins no more, and finishes the one that has begun. */
  stop(): Promise<void>
}

/** Each operator's own, so that two moves go on at a time. */
const operators: readonly (readonly TypeName[])[] = [
  ['Counter', 'Basket'],
  ['Note', 'Seat', 'Purse'], // with whose group transfers move
]

/** Stages that keep a mirror, by the store that has authority in them. */
const stages = { mongo: ['dualwrite', 'shadow'], postgres: ['live', 'rampdown'] } as const

/** A move that has not ended in so long will not, in milliseconds: faults last half a minute at most. */
const patienceMs = 300_000

/** Authority over one type and another goes to and fro, by commands, which are killed now and then. */
export function startMovers(
  setting: Setting,
  randomFor: (operator: number) => Random,
  log: (line: string) => void,
): Movers {
  const moves: Move[] = []
  const broken: string[] = []
  const present = new Map<TypeName, 'mongo' | 'postgres'>(operators.flat().map((type) => [type, 'mongo']))
  let killed = 0
  let running = true
  async function move(random: Random, type: TypeName, stage: Stage): Promise<void> {
    const start = performance.now()
    while (performance.now() - start < patienceMs) {
      const killAfterMs = random.chance(0.3) ? random.below(3_000) : undefined
      const { code, text } = await command(['stage', 'set', type, stage], setting.env, killAfterMs)
      if (code === 0) {
        const to = STAGE_PLAN[stage].authority
        if (present.get(type) !== to) moves.push({ type, stage, start, end: performance.now() })
        present.set(type, to)
        return
      }
      if (code === null) killed++
      log(`${type} to ${stage}: ${code === null ? 'the command is killed' : text.split('\n').at(-1)}`)
      await sleep(500)
    }
    broken.push(`${type} could not be moved to ${stage} in ${patienceMs / 1_000} s`)
  }
  const run = async (types: readonly TypeName[], random: Random): Promise<void> => {
    while (running) {
      const type = random.pick(types)
      const from = present.get(type)!
      // A change that moves nothing now and then
      const to = random.chance(0.2) ? from : from === 'mongo' ? 'postgres' : 'mongo'
      await move(random, type, random.pick<Stage>(stages[to]))
      await sleep(random.below(500))
    }
  }
  const all = operators.map((types, operator) => run(types, randomFor(operator)))
  return {
    moves,
    get killed() {
      return killed
    },
    broken,
    async stop() {
      running = false
      await Promise.all(all)
    },
  }
}
