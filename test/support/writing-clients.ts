import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { compareStores } from './compare-stores.ts'
import type { TestGateway } from './gateway.ts'

const addComment =
  'mutation ($id: ID!, $text: String!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: $text }) { comment { id } } }'

/** What a client may be told while a store is in trouble: never an internal error. */
const allowed = ['ok', 'UNAVAILABLE', 'TRY_AGAIN', 'UNKNOWN_OUTCOME', 'CONFLICT']

let last = 0

/** @returns `ok`, or the code of what went wrong. */
async function write(api: TestGateway, movieId: string, text: string): Promise<string> {
  const { errors } = JSON.parse(await api.ask(addComment, { id: movieId, text })) as {
    readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
  }
  return errors?.[0]?.extensions.code ?? 'ok'
}

/** Resolves once a write goes through: on a busy machine a store may look late for a while behind its trouble. */
export async function untilWritten(api: TestGateway, movieId: string): Promise<void> {
  const tried = () => write(api, movieId, 'written again')
  await expect.poll(tried, { timeout: 90_000, interval: 500 }).toBe('ok')
}

/** What was told of each comment, by its text: `ok`, or the code of what went wrong. */
export type Told = ReadonlyMap<string, string>

/** Lets clients add comments to a movie, ten a second, while `work` goes on, and waits for what each of them is told. */
export async function whileWriting<T>(
  api: TestGateway,
  movieId: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly told: Told }> {
  const asked = new Map<string, Promise<string>>()
  let ends = false
  const writing = (async () => {
    while (!ends) {
      const text = `comment ${++last}`
      asked.set(text, write(api, movieId, text))
      await sleep(100)
    }
  })()
  const told = async (): Promise<Told> => {
    ends = true
    await writing
    const outcomes = new Map<string, string>()
    for (const [text, outcome] of asked) outcomes.set(text, await outcome)
    return outcomes
  }
  try {
    const result = await work()
    return { result, told: await told() }
  } finally {
    await told()
  }
}

/** How many were told what. */
export const counted = (told: Told): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(told.values(), (outcome) => outcome)].map(([outcome, all]) => [outcome, all.length]),
  )

/**
 * Asserts that both stores are equal, and that what clients were told is so: an acknowledged comment is there, once; one
 * of which nothing was written is nowhere.
 */
export async function expectTold(api: TestGateway, told: Told): Promise<void> {
  await api.idle()
  const { entities } = api.gateway.routing
  for (const entity of entities) expect((await compareStores(api.stores, entity)).different).toEqual([])
  const documents = await api.stores.mongo.connection.db
    .collection('comments')
    .find({ text: /^comment / }, { projection: { text: 1 } })
    .toArray()
  const times = Map.groupBy(documents, ({ text }) => String(text))
  for (const [text, outcome] of told) {
    expect(allowed).toContain(outcome)
    const count = times.get(text)?.length ?? 0
    if (outcome === 'ok') expect([text, count]).toEqual([text, 1])
    // Stand-in (SecantusDB): it takes the driver's retry of an insert that still runs for another one, and finds its id
    else if (outcome !== 'UNKNOWN_OUTCOME' && outcome !== 'CONFLICT')
      expect([text, outcome, count]).toEqual([text, outcome, 0])
  }
}
