import { expect, test } from 'vitest'
import { Puts } from '../../src/mirror/puts.ts'
import { Account, accountImage } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'

/** Puts that end when they are told to. */
function held() {
  const begun: { readonly name: string; readonly end: () => void }[] = []
  const puts = new Puts((_, { id, version }) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    begun.push({ name: `${id} ${version.counter}`, end: resolve })
    return promise
  })
  return { puts, begun, names: () => begun.map(({ name }) => name) }
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

test('of one record one put is under way, and the newest image waits', async () => {
  const { puts, begun, names } = held()
  let ended = false
  void puts.put(Account, accountImage('a', 1), 'mongo', anyEpoch).then(() => {
    ended = true
  })
  for (const counter of [2, 4, 3]) void puts.put(Account, accountImage('a', counter), 'mongo', anyEpoch)
  void puts.put(Account, accountImage('b', 1), 'mongo', anyEpoch)
  expect(names()).toEqual(['a 1', 'b 1'])
  begun[0]!.end()
  await turn()
  expect(names()).toEqual(['a 1', 'b 1', 'a 4'])
  expect(ended).toBe(false) // a mover waits for what is under way of the record
  begun[2]!.end()
  await turn()
  expect(ended).toBe(true)
})

test('past the bound nothing begins: the records stay owed, and nobody waits', async () => {
  const { puts, begun } = held()
  for (let n = 0; n < 200; n++) void puts.put(Account, accountImage(`account-${n}`, 1), 'mongo', anyEpoch)
  await puts.put(Account, accountImage('one too many', 1), 'mongo', anyEpoch)
  expect(begun).toHaveLength(200)
  begun[0]!.end()
  await turn()
  void puts.put(Account, accountImage('there is room again', 1), 'mongo', anyEpoch)
  expect(begun).toHaveLength(201)
})
