import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../history/clients.ts'
import type { Random } from '../model/random.ts'

const mutations = {
  create: 'mutation ($id: ID!, $token: String!) { it: createNote(id: $id, token: $token) { id } }',
  add: 'mutation ($id: ID!, $token: String!) { it: addToNote(id: $id, token: $token) { id } }',
  delete: 'mutation ($id: ID!, $token: String) { it: deleteNote(id: $id) }',
} as const

type Mutation = keyof typeof mutations

/** What a note counts after all that was acknowledged; null where it is gone, undefined where nobody knows. */
export type Expected = Map<string, number | null | undefined>

export interface Writers {
  /** Of notes that were written to. */
  readonly expected: Expected
  readonly acknowledged: number
  /** Ends when what was asked last is answered. */
  stop(): Promise<void>
}

/** Clients of a gateway that write one thing after the other, each to notes of its own. @param ids of notes that count 1. */
export function startWriters(url: string, ids: readonly string[], clients: number, random: Random): Writers {
  const expected: Expected = new Map()
  let acknowledged = 0
  let running = true

  function choose(own: readonly string[], made: number): { readonly id: string; readonly mutation: Mutation } {
    if (random.chance(0.2)) return { id: `${own[0]}-made-${made}`, mutation: 'create' }
    const id = random.pick(own)
    if (expected.get(id) === null) return { id, mutation: 'create' }
    return { id, mutation: random.chance(0.2) ? 'delete' : 'add' }
  }

  async function write(own: readonly string[]): Promise<void> {
    for (let made = 0; running; made++) {
      const { id, mutation } = choose(own, made)
      const before = mutation === 'create' ? 0 : expected.has(id) ? expected.get(id) : 1
      const { outcome } = await ask(url, mutations[mutation], { id, token: `t${made}` })
      const after = mutation === 'delete' ? null : before == null ? before : before + 1
      if (outcome === 'ok') {
        acknowledged++
        expected.set(id, before === undefined ? undefined : after)
      } else if (outcome !== 'refused') expected.set(id, undefined)
      await sleep(5)
    }
  }

  const writing = Array.from({ length: clients }, (_, client) => write(ids.filter((__, n) => n % clients === client)))
  return {
    expected,
    get acknowledged() {
      return acknowledged
    },
    async stop() {
      running = false
      await Promise.all(writing)
    },
  }
}
