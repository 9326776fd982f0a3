import { expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { Coverage } from '../../src/shadow/coverage.ts'
import { compared, comparedPage, Note, page, type Note as Values, value } from './experiment.ts'

const a = (title = 'x', counter = 1): Values => ['a', title, counter]

const titles = { entity: Note, resolver: 'Query.notes', fields: fieldSet(Note, ['title']) }
const both = { ...titles, fields: fieldSet(Note, ['title', 'secret']) }

const rowsOf = (coverage: Coverage): string[] =>
  coverage
    .rows(performance.now())
    .map(({ path, resolver, epoch, read, compared, matched }) =>
      [path || '(whole)', resolver, epoch, read, compared, matched].join(' '),
    )
    .sort()

/** `path: compared matched`, a line each. */
const coveredBy = ({ seen }: Awaited<ReturnType<typeof compared>>): string[] =>
  (seen?.coverage ?? []).map(({ path, compared, matched }) => `${path}: ${compared} ${matched}`)

test('reads and comparisons are told by field, resolver and epoch, with the mapping that they were of', () => {
  const coverage = new Coverage()
  for (let n = 0; n < 3; n++) coverage.read(titles, 1)
  coverage.read(both, 1)
  coverage.compared(both, 1, new Set(['secret']))
  coverage.read({ ...titles, resolver: 'Query.note' }, 1)
  coverage.read(titles, 2)
  coverage.read({ entity: Note, resolver: 'Query.notes.totalCount', fields: null }, 2)
  expect(rowsOf(coverage)).toEqual([
    '(whole) Query.notes.totalCount 2 1 0 0',
    'secret Query.notes 1 1 1 0',
    'title Query.note 1 1 0 0',
    'title Query.notes 1 1 1 1',
    'title Query.notes 1 3 0 0',
    'title Query.notes 2 1 0 0',
  ])
  expect(new Set(coverage.rows(0).map(({ mapping }) => mapping))).toEqual(new Set([mappingDigest(Note)]))
})

test('what could not be kept is added to what comes later', () => {
  const [earlier, later] = [new Coverage(), new Coverage()]
  earlier.read(both, 1)
  earlier.compared(both, 1, new Set())
  later.read(both, 1)
  later.compared(both, 1, null)
  earlier.absorb(later)
  expect(rowsOf(earlier)).toEqual(['secret Query.notes 1 2 2 1', 'title Query.notes 1 2 2 1'])
})

test('clients that make up selections fill no memory', () => {
  const coverage = new Coverage()
  for (let n = 0; n < 5_000; n++) coverage.read({ ...titles, resolver: `Query.n${n}` }, 1)
  coverage.read({ ...titles, resolver: 'Query.n0' }, 1)
  expect(coverage.rows(0)).toHaveLength(1_000)
  expect(coverage.rows(0)[0]).toMatchObject({ resolver: 'Query.n0', read: 2 })
})

test('a page that is equal covers its fields, and matches them', async () => {
  expect(coveredBy(await comparedPage([{ control: [a()], candidate: [a()] }]))).toEqual(['secret: 1 1', 'title: 1 1'])
})

test('a page without a record covers nothing: nothing was compared', async () => {
  expect(coveredBy(await comparedPage([{ control: [], candidate: [] }]))).toEqual([])
})

test('a field that differs was compared and does not match; where records differ, none of their fields does', async () => {
  const one = (candidate: readonly Values[]) => comparedPage([{ control: [a()], candidate }])
  const secretAlike = await compared({
    control: () => page([a()]),
    candidate: async () => {
      const found = page([a('y')])
      if (found.is !== 'records') return found
      const [item] = found.lists.get('')!
      return { ...found, lists: new Map([['', [{ ...item!, record: { ...item!.record, secret: 'x!' } }]]]) }
    },
  })
  expect(coveredBy(secretAlike)).toEqual(['secret: 1 1', 'title: 1 0'])
  expect(coveredBy(await one([]))).toEqual(['secret: 1 0', 'title: 1 0'])
  expect(coveredBy(await one([a('x', 7)]))).toEqual(['secret: 1 0', 'title: 1 0'])
})

test('a whole value is covered as one', async () => {
  const count = { control: () => value(1), candidate: async () => value(1) }
  expect(coveredBy(await compared(count))).toEqual([': 1 1'])
  expect(coveredBy(await compared({ ...count, candidate: async () => value(2) }))).toEqual([': 1 0'])
})

test('what could not be decided covers nothing', async () => {
  const world = { control: [a('y', 2)], candidate: [a('x', 1)], owed: ['a'] }
  expect(coveredBy(await comparedPage([world]))).toEqual([])
})

/** `path: repeated flapped`, a line each. */
const flapsOf = ({ seen }: Awaited<ReturnType<typeof compared>>): string[] =>
  (seen?.coverage ?? []).map(({ path, repeated, flapped }) => `${path}: ${repeated} ${flapped}`)
const always = { repeatPercent: 100 }

test('the control is read twice, and where it differs with itself at one version, or in a value, is told', async () => {
  const read = (again: () => ReturnType<typeof page>, first = page([a()])) =>
    compared({ control: () => first, candidate: async () => first, again: async () => again() }, always)
  expect(flapsOf(await read(() => page([a()])))).toEqual(['secret: 1 0', 'title: 1 0'])
  expect(flapsOf(await read(() => page([a('y')])))).toEqual(['secret: 1 1', 'title: 1 1'])
  expect(flapsOf(await read(() => value(2), value(1)))).toEqual([': 1 1'])
})

test('a write in between is no flap, a control that does not answer says nothing, and neither stops the comparison', async () => {
  const first = { control: () => page([a()]), candidate: async () => page([a()]) }
  const written = await compared({ ...first, again: async () => page([a('y', 2)]) }, always)
  expect(flapsOf(written)).toEqual(['secret: 1 0', 'title: 1 0'])
  const gone = await compared({ ...first, again: () => Promise.reject(new Error('gone')) }, always)
  expect(flapsOf(gone)).toEqual(['secret: 0 0', 'title: 0 0'])
  expect(gone.seen?.verdicts).toMatchObject([{ verdict: 'matched', count: 1 }])
})

test('the control is read once where nobody asks for more', async () => {
  let again = 0
  const count = async () => {
    again++
    return page([a()])
  }
  await compared({ control: () => page([a()]), candidate: async () => page([a()]), again: count })
  expect(again).toBe(0)
})
