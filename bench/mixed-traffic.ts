import { setTimeout as sleep } from 'node:timers/promises'
import { answer, queries } from './fixture.ts'

const readers = 4
const write =
  'mutation ($id: ID!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: "t" }) { comment { id } } }'

/** Four clients that read nested pages and one that writes, until they are stopped. */
export interface MixedTraffic {
  readonly counts: { readonly reads: number; readonly writes: number; readonly errors: number }
  /** Of all reads since this was asked last, in milliseconds. */
  takeTimes(): number[]
  stop(): Promise<void>
}

export function mixedTraffic(url: string, movieId: string): MixedTraffic {
  const nested = Object.entries(queries(movieId)).find(([name]) => name.startsWith('nested'))![1]
  const counts = { reads: 0, writes: 0, errors: 0 }
  let times: number[] = []
  let running = true
  const client = async (kind: 'reads' | 'writes', body: string): Promise<void> => {
    while (running) {
      const began = performance.now()
      const text = await answer(url, body).catch(String)
      if (text.startsWith('{"data"') && !text.includes('"errors"')) {
        counts[kind]++
        if (kind === 'reads') times.push(performance.now() - began)
      } else counts.errors++
      await sleep(5)
    }
  }
  const clients = [
    ...Array.from({ length: readers }, () => client('reads', JSON.stringify(nested))),
    client('writes', JSON.stringify({ query: write, variables: { id: movieId } })),
  ]
  return {
    counts,
    takeTimes() {
      const taken = times
      times = []
      return taken
    },
    async stop() {
      running = false
      await Promise.all(clients)
    },
  }
}
