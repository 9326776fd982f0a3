import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Rule } from '../../src/compare/rules.ts'
import { KnownRules } from '../../src/shadow/known-rules.ts'
import { compared, comparedPage, type Note, value } from './experiment.ts'

const a = (title = 'x', counter = 1): Note => ['a', title, counter]

const rule = (path: string, change: Partial<Rule> = {}): Rule => ({
  type: 'Note',
  kind: 'divergence',
  path,
  resolver: null,
  verdict: 'accepted',
  ...change,
})

const differing = { control: [a('x')], candidate: [a('y')] }

async function verdictBy(...rules: Rule[]) {
  const logged: string[] = []
  const log = (_level: string, message: string): void => void logged.push(message)
  const { found, seen } = await comparedPage([differing], { rules: async () => rules, log })
  return { found, logged, verdicts: seen?.verdicts.map(({ verdict }) => verdict), groups: seen?.groups.length }
}

test('a comparison that found nothing but what rules cover ended by them, and is counted and kept all the same', async () => {
  const covered = await verdictBy(rule('title'), rule('secret', { verdict: 'noise' }))
  expect(covered).toEqual({
    found: ['divergence title a', 'divergence secret a'],
    logged: [],
    verdicts: ['accepted'],
    groups: 2,
  })
  const noise = await verdictBy(rule('title', { verdict: 'noise' }), rule('secret', { verdict: 'noise' }))
  expect(noise).toMatchObject({ verdicts: ['noise'], logged: [] })
})

test('one that found something else beside it has diverged, and the log tells of that alone', async () => {
  expect(await verdictBy(rule('title'))).toMatchObject({ verdicts: ['diverged'], logged: ['mismatch'] })
  expect(await verdictBy(rule('title', { resolver: 'Query.note' }), rule('secret'))).toMatchObject({
    verdicts: ['diverged'],
  })
})

test('a record that is missing, a count and an error may be judged as well', async () => {
  const rules = async (): Promise<Rule[]> => [
    rule('', { kind: 'missing', verdict: 'noise' }),
    rule('', { resolver: 'Query.notes' }),
    rule('42883', { kind: 'error' }),
  ]
  const missing = await comparedPage([{ control: [a()], candidate: [] }], { rules })
  expect(missing.seen?.verdicts).toMatchObject([{ verdict: 'noise' }])
  const count = await compared({ control: () => value(1), candidate: async () => value(2) }, { rules })
  expect(count.seen?.verdicts).toMatchObject([{ verdict: 'accepted' }])
  const refused = Object.assign(new Error('operator does not exist'), { code: '42883' })
  const error = await compared({ candidate: () => Promise.reject(refused) }, { rules })
  expect(error.seen?.verdicts).toMatchObject([{ verdict: 'accepted' }])
})

test('what is covered beside what is still owed does not make a comparison decided', async () => {
  const world = { control: [a('x'), ['b', 'y', 2] as Note], candidate: [a('y'), ['b', 'x', 1] as Note], owed: ['b'] }
  const { seen } = await comparedPage([world], { rules: async () => [rule('title'), rule('secret')] })
  expect(seen?.verdicts).toMatchObject([{ verdict: 'lag' }])
})

test('stores that agree ask for no rules, and a thousand differences ask once', async () => {
  let asked = 0
  const rules = async (): Promise<Rule[]> => {
    asked++
    return []
  }
  await comparedPage([{ control: [a()], candidate: [a()] }], { rules })
  expect(asked).toBe(0)
  const known = new KnownRules(rules)
  await Promise.all(Array.from({ length: 1_000 }, () => known.refresh()))
  await known.refresh()
  expect(asked).toBe(1)
})

test('where they cannot be had the last ones known hold, and nothing waits for long', async () => {
  let answer: () => Promise<Rule[]> = async () => [rule('title')]
  const known = new KnownRules(() => answer(), 10)
  const place = { type: 'Note', kind: 'divergence', path: 'title', resolver: 'Query.notes' } as const
  await known.refresh()
  for (const failing of [() => Promise.reject(new Error('gone')), () => new Promise<Rule[]>(() => undefined)]) {
    answer = failing
    await sleep(20)
    await known.refresh()
    expect(known.verdictOf(place)).toBe('accepted')
  }
  answer = async () => []
  await sleep(20)
  await known.refresh()
  expect(known.verdictOf(place)).toBeNull()
})
