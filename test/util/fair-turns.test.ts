import { expect, test } from 'vitest'
import { Ending } from '../../src/util/ending.ts'
import { FairTurns } from '../../src/util/fair-turns.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Turns of eight, of which a type has six; what began by name, in order, and how each is ended. */
function turnsOf(waitMs = 60_000) {
  const turns = new FairTurns(8, waitMs, () => new Error('full'))
  const begun: string[] = []
  const refused: string[] = []
  const requests = new Map<string, object>()
  const take = (request: string, type: string): Ending => {
    const known = requests.get(request) ?? {}
    requests.set(request, known)
    const ending = new Ending(undefined, { request: known, type })
    const name = `${request}:${type}`
    const turn = turns.take(ending)
    if (turn)
      turn.then(
        () => begun.push(name),
        (error: unknown) => refused.push(`${name} ${error instanceof Error ? error.message : error}`),
      )
    else begun.push(name)
    return ending
  }
  return { turns, begun, refused, take }
}

test('a turn goes to the request with the fewest under way, and to the first among equals', async () => {
  const { turns, begun, take } = turnsOf()
  const [first] = Array.from({ length: 6 }, () => take('many', 'Movie'))
  take('two', 'User')
  const other = take('two', 'User')
  begun.length = 0
  for (const name of ['many', 'two', 'new', 'newer']) take(name, 'User')
  await settled()
  expect(begun).toEqual([])
  turns.done(first)
  turns.done(other)
  await settled()
  expect(begun).toEqual(['new:User', 'newer:User'])
  turns.done(first)
  turns.done(first)
  await settled()
  expect(begun).toEqual(['new:User', 'newer:User', 'two:User', 'many:User'])
})

test('one type never has all turns, and what waits for one of its keeps no other type out', async () => {
  const { turns, begun, take } = turnsOf()
  const movies = Array.from({ length: 9 }, (_, at) => take(`m${at}`, 'Movie'))
  expect(begun).toHaveLength(6)
  const user = take('u', 'User')
  take('v', 'User')
  expect(begun.slice(6)).toEqual(['u:User', 'v:User'])
  take('w', 'User')
  turns.done(user)
  await settled()
  expect(begun.slice(8)).toEqual(['w:User'])
  for (const each of movies.slice(0, 3)) turns.done(each)
  await settled()
  expect(begun.slice(9)).toEqual(['m6:Movie', 'm7:Movie', 'm8:Movie'])
})

test('a free turn is given at once where nobody waits that may have it', async () => {
  const { turns, begun, take } = turnsOf()
  const held = Array.from({ length: 6 }, (_, at) => take(`m${at}`, 'Movie'))
  take('u', 'User')
  for (const each of held) turns.done(each)
  for (let at = 0; at < 6; at++) take(`n${at}`, 'Movie')
  expect(begun).toHaveLength(13)
})

test('who waits in vain is told that all is full, and takes no turn', async () => {
  const { turns, begun, refused, take } = turnsOf(20)
  const movies = Array.from({ length: 7 }, (_, at) => take(`m${at}`, 'Movie'))
  await expect.poll(() => refused).toEqual(['m6:Movie full'])
  turns.done(movies[0])
  await settled()
  expect(begun).toHaveLength(6)
  take('later', 'Movie')
  expect(begun.at(-1)).toBe('later:Movie')
})

test('who leaves waits no longer, and its turn goes to the next', async () => {
  const { turns, begun, refused, take } = turnsOf()
  const movies = Array.from({ length: 8 }, (_, at) => take(`m${at}`, 'Movie'))
  movies[6]!.abort('left')
  await settled()
  expect(refused).toEqual(['m6:Movie left'])
  turns.done(movies[0])
  await settled()
  expect(begun.slice(6)).toEqual(['m7:Movie'])
})

test('what is asked for no request takes no turn', () => {
  const { turns, begun, take } = turnsOf()
  for (let at = 0; at < 20; at++)
    for (const signal of [undefined, new Ending()]) expect(turns.take(signal)).toBe(undefined)
  turns.done(undefined)
  take('m', 'Movie')
  expect(begun).toEqual(['m:Movie'])
})

test('work runs in its turn and gives it back, also where it fails', async () => {
  const { turns, take } = turnsOf()
  const held = Array.from({ length: 5 }, (_, at) => take(`m${at}`, 'Movie'))
  const signal = new Ending(undefined, { request: {}, type: 'Movie' })
  await expect(turns.run(signal, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await turns.run(signal, async () => 'done')).toBe('done')
  expect(held).toHaveLength(5)
  expect(turns.take(signal)).toBe(undefined)
  expect(turns.take(signal)).toBeInstanceOf(Promise)
})
