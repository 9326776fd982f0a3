import { setTimeout as sleep } from 'node:timers/promises'
import { answer, queries, say, withFixture } from './fixture.ts'
import { liveHeap, megabytes } from './live-heap.ts'
import type { Row } from './row.ts'

const readers = 4
const write =
  'mutation ($id: ID!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: "t" }) { comment { id } } }'

/**
 * Four clients that read nested pages and one that writes, in shadow at 100 %, for so many minutes; each minute the
 * live heap and the size of the process. A heap that grows without end shows what is kept and should not be.
 */
export function soak(_only: string, minutes: number): Promise<Row[]> {
  return withFixture(async ({ movieId, startGateway, move, copy }) => {
    const gateway = await startGateway()
    await copy()
    await move('shadow', 100)
    const { flags, shadow } = gateway.routing
    await flags.refresh()
    const nested = Object.entries(queries(movieId)).find(([name]) => name.startsWith('nested'))![1]
    const counts = { reads: 0, writes: 0, errors: 0 }
    let running = true
    const client = async (kind: 'reads' | 'writes', body: string): Promise<void> => {
      while (running) {
        const text = await answer(gateway.url, body).catch(String)
        if (text.startsWith('{"data"') && !text.includes('"errors"')) counts[kind]++
        else counts.errors++
        await sleep(5)
      }
    }
    const clients = [
      ...Array.from({ length: readers }, () => client('reads', JSON.stringify(nested))),
      client('writes', JSON.stringify({ query: write, variables: { id: movieId } })),
    ]
    const heaps: number[] = []
    for (let minute = 1; minute <= minutes; minute++) {
      await sleep(60_000)
      heaps.push(liveHeap())
      const { compared, diverged } = shadow.statistics.of('Movie')
      const size = `heap ${megabytes(heaps.at(-1)!)} MB, process ${Math.round(process.memoryUsage().rss / 1e6)} MB`
      const asked = `${counts.reads} reads, ${counts.writes} writes, ${counts.errors} errors`
      say(`minute ${minute}: ${size}; ${asked}, ${compared} compared, ${diverged} diverged`)
    }
    running = false
    await Promise.all(clients)
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
