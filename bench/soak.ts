import { setTimeout as sleep } from 'node:timers/promises'
import { liveHeap, megabytes } from '../test/support/live-heap.ts'
import { say, withFixture } from './fixture.ts'
import { mixedTraffic } from './mixed-traffic.ts'
import type { Row } from './row.ts'

/**
 * Mixed traffic in shadow at 100 %, for so many minutes; each minute the live heap and the size of the process. A heap
 * that grows without end shows what is kept and should not be.
 */
export function soak(_only: string, minutes: number): Promise<Row[]> {
  return withFixture(async ({ movieId, startGateway, move, copy }) => {
    const gateway = await startGateway()
    await copy()
    await move('shadow', 100)
    const { flags, shadow } = gateway.routing
    await flags.refresh()
    const traffic = mixedTraffic(gateway.url, movieId)
    const heaps: number[] = []
    for (let minute = 1; minute <= minutes; minute++) {
      await sleep(60_000)
      heaps.push(liveHeap())
      const { compared, diverged } = shadow.statistics.of('Movie')
      const { reads, writes, errors } = traffic.counts
      const size = `heap ${megabytes(heaps.at(-1)!)} MB, process ${Math.round(process.memoryUsage().rss / 1e6)} MB`
      const asked = `${reads} reads, ${writes} writes, ${errors} errors`
      say(`minute ${minute}: ${size}; ${asked}, ${compared} compared, ${diverged} diverged`)
    }
    await traffic.stop()
    await gateway.close()
    const [first = 0, last = 0] = [heaps[Math.min(2, heaps.length - 1)], heaps.at(-1)]
    const unit = 'MB of live heap, third and last minute'
    return [
      {
        bench: 'soak',
        case: `${minutes} minutes`,
        baseline: megabytes(first),
        ours: megabytes(last),
        unit,
        ratio: last / first,
      },
    ]
  })
}
