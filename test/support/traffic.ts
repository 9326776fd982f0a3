import { setTimeout as sleep } from 'node:timers/promises'
import type { TestGateway } from './gateway.ts'

const read = 'query ($id: ID!) { movie(id: $id) { title } }'
const comment =
  'mutation ($id: ID!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: "t" }) { comment { id } } }'

interface Answer {
  readonly data?: { readonly addComment?: { readonly comment: { readonly id: string } } | null } | null
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[]
}

/** Clients that read and write without a pause, and what became of it. */
export interface Traffic {
  readonly requests: () => number
  /** Failures by code, of reads and of writes. */
  readonly failures: ReadonlyMap<string, number>
  /** Ids of the comments whose mutation was acknowledged. */
  readonly acknowledged: readonly string[]
  /** Resolves with the milliseconds until the next write that begins now is acknowledged. */
  recovered(): Promise<number>
  stop(): Promise<void>
}

export function startTraffic(api: TestGateway, movieId: string, clients = 4): Traffic {
  const failures = new Map<string, number>()
  const acknowledged: string[] = []
  let requests = 0
  let lastBegun = 0 // of the writes that were acknowledged
  let running = true
  const client = async (first: number): Promise<void> => {
    for (let n = first; running; n++) {
      const writes = n % 2 === 0
      const begun = performance.now()
      const { data, errors } = JSON.parse(await api.ask(writes ? comment : read, { id: movieId })) as Answer
      requests++
      if (errors) {
        const kind = `${writes ? 'write' : 'read'} ${errors[0]!.extensions.code}`
        failures.set(kind, (failures.get(kind) ?? 0) + 1)
        await sleep(20)
      } else if (writes) {
        acknowledged.push(data!.addComment!.comment.id)
        lastBegun = Math.max(lastBegun, begun)
      }
    }
  }
  const all = Array.from({ length: clients }, (_, n) => client(n))
  return {
    requests: () => requests,
    failures,
    acknowledged,
    async recovered() {
      const from = performance.now()
      while (lastBegun <= from) await sleep(20)
      return Math.round(performance.now() - from)
    },
    async stop() {
      running = false
      await Promise.all(all)
    },
  }
}
