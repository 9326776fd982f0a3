import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import config from '../crossfade.config.ts'
import { Comment } from '../schema/comment.ts'
import { openInstance } from '../src/gateway/open-instance.ts'
import { independent } from '../src/routing/declared-writes.ts'
import { noReads } from '../src/routing/read-limits.ts'
import { write } from '../src/routing/writes.ts'
import { say, withFixture } from './fixture.ts'
import type { Row } from './row.ts'
import { valuesOf } from './write-by-hand.ts'

const [moves, gateways, clients, aimMs] = [20, 3, 2, 300]
/** A write that took as long, and when it ended, in milliseconds. */
interface Taken {
  readonly end: number
  readonly ms: number
}

const percentile = (numbers: readonly number[], part: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.ceil(part * numbers.length) - 1]!

/**
 * How long clients of three gateways wait while authority over a type goes to and fro: the longest write of each move,
 * against what is aimed at. They write one after the other, and pause between.
 */
export function holds(): Promise<Row[]> {
  return withFixture(async ({ stores, dataDir, copy, move }) => {
    await copy()
    await move('shadow')
    const instances = await Promise.all(
      Array.from({ length: gateways }, (_, n) =>
        openInstance({
          entities: config.entities,
          stores,
          dataDir: join(dataDir, `${n}`),
          limits: noReads,
          log: () => undefined,
        }),
      ),
    )
    const taken: Taken[] = []
    let isOver = false
    const client = async ({ routing }: (typeof instances)[number]): Promise<void> => {
      while (!isOver) {
        const start = performance.now()
        await write(routing, independent(Comment), (tx) => tx.of(Comment).create(valuesOf(''), Comment.newId!()))
        const end = performance.now()
        taken.push({ end, ms: end - start })
        await sleep(20)
      }
    }
    const running = instances.flatMap((instance) => Array.from({ length: clients }, () => client(instance)))
    const longest: number[] = []
    for (let n = 0; n < moves; n++) {
      await sleep(500)
      const start = performance.now()
      await move(n % 2 === 0 ? 'live' : 'shadow', 0, [Comment.name])
      await sleep(200)
      longest.push(Math.max(...taken.filter(({ end }) => end > start).map(({ ms }) => ms)))
      say(`move ${n + 1}: ${Math.round(longest.at(-1)!)} ms`)
    }
    isOver = true
    await Promise.all(running)
    await Promise.all(instances.map((instance) => instance.leave()))
    return [0.5, 0.99].map((part): Row => {
      const ours = Math.round(percentile(longest, part))
      const name = `longest write of a move, p${part * 100}, ${gateways} gateways`
      return { bench: 'holds', case: name, baseline: aimMs, ours, unit: 'ms', ratio: ours / aimMs }
    })
  })
}
