import fc, { type Arbitrary } from 'fast-check'
import { changeWhere } from '../../src/query/change-where.ts'
import * as patch from '../../src/query/operations.ts'
import { asksNothing, everything, type Where } from '../../src/query/where.ts'
import { rowConditions } from './queries.ts'
import { kindNamed, valuesOf } from './values.ts'
import { type LeafPlan, pathOf, type World } from './world.ts'

type Input = Readonly<Record<string, unknown>>

/** A change as plain data, so that a failure prints it; `operationOf` makes it one. */
interface Step {
  readonly op: 'set' | 'mean' | Exclude<patch.OperationName, 'compute'>
  readonly value: unknown
}

type Steps = Readonly<Record<string, Step>>

const place = fc.integer({ min: -6, max: 6 })
const end = fc.record({ op: fc.constant('pop' as const), value: fc.constantFrom('first', 'last') })
const inserted = (value: Arbitrary<unknown>): Arbitrary<Step> =>
  fc.record({ op: fc.constant('insert' as const), value: fc.record({ value, at: place }) })

const numeric = new Set(['int', 'float', 'long', 'decimal'])

/**
 * No sum of these leaves the range of decimals.
 * Stand-in (SecantusDB): it gives up on such a sum with an error of its own.
 */
const decimalAmounts = fc.constantFrom(
  '0.1',
  '-0.1',
  '1',
  '-1',
  '1E-40',
  '-1E+20',
  '1.5',
  '9999999999999999999999999999999999',
)

function stepOf(leaf: LeafPlan): Arbitrary<Step> {
  const value = valuesOf[leaf.kind].map((each) => kindNamed(leaf.kind).parse(each))
  if (leaf.shape !== 'scalar') {
    const element = fc.record({ op: fc.constantFrom('append' as const, 'addToSet' as const, 'pull' as const), value })
    const whole = fc.record({ op: fc.constant('set' as const), value: fc.option(fc.array(value, { maxLength: 3 })) })
    return fc.oneof<Arbitrary<Step>[]>(element, element, whole, inserted(value), end)
  }
  const set = fc.record({ op: fc.constant('set' as const), value: fc.option(value) })
  const bound = fc.record({ op: fc.constantFrom('min' as const, 'max' as const), value })
  if (leaf.kind === 'timestamp') return fc.oneof<Arbitrary<Step>[]>(set, bound)
  if (!numeric.has(leaf.kind)) return set
  const amount = leaf.kind === 'decimal' ? decimalAmounts : value
  const steps: Arbitrary<Step>[] = [set, bound, fc.record({ op: fc.constant('increment' as const), value: amount })]
  // Not 0: PostgreSQL refuses a quotient that is too near 0 for a double, as a third of 5e-324 is
  if (leaf.kind === 'int' || leaf.kind === 'float')
    steps.push(fc.record({ op: fc.constant('mean' as const), value: fc.integer({ min: 1, max: 9 }) }))
  return fc.oneof(...steps)
}

/** An object of the list as an application gives it. */
function row(rows: readonly LeafPlan[]): Arbitrary<unknown> {
  const members = rows.map((leaf) => {
    const value = valuesOf[leaf.kind].map((each) => kindNamed(leaf.kind).parse(each))
    return fc.option(leaf.shape === 'scalar' ? value : fc.array(value, { maxLength: 2 }), { freq: 4 })
  })
  return fc.record({ values: fc.tuple(...members), boxed: fc.boolean() }).map(({ values, boxed }) => {
    const at = (depth: number) => rows.flatMap((leaf, i) => (leaf.depth === depth ? [[`f${i}`, values[i]]] : []))
    const box = boxed && at(1).length > 0 ? { box: Object.fromEntries(at(1)) } : {}
    return { ...Object.fromEntries(at(0)), ...box }
  })
}

/** A condition that asks nothing is refused unless it says so. */
const said = (where: Where): Where => (asksNothing(where) ? everything : where)

/** Changes of members by their paths in an object of the list. */
function changesOf(rows: readonly LeafPlan[]): Arbitrary<Steps> {
  const members = fc.tuple(...rows.map((leaf) => fc.option(stepOf(leaf), { freq: 2 })))
  return members.map((steps) =>
    Object.fromEntries(
      steps.flatMap((step, i) => (step ? [[`${rows[i]!.depth === 1 ? 'box.' : ''}f${i}`, step]] : [])),
    ),
  )
}

function rowsStep(rows: readonly LeafPlan[]): Arbitrary<Step> {
  const value = row(rows)
  const change = fc.record({ where: rowConditions(rows).map(said), changes: changesOf(rows) })
  return fc.oneof<Arbitrary<Step>[]>(
    fc.record({ op: fc.constant('change' as const), value: change }),
    inserted(value),
    end,
    fc.record({ op: fc.constant('append' as const), value }),
    fc.record({ op: fc.constant('pull' as const), value: rowConditions(rows).map(said) }),
    fc.record({ op: fc.constant('set' as const), value: fc.option(fc.array(value, { maxLength: 3 })) }),
  )
}

/** One patch: changes of some fields, or an embedded object made empty or removed. */
export function patches({ leaves, rows }: Pick<World, 'leaves' | 'rows'>): Arbitrary<Steps> {
  const list = rows.length > 0 ? fc.option(rowsStep(rows), { freq: 2 }) : fc.constant(null)
  const some: Arbitrary<Steps> = fc
    .record({ steps: fc.tuple(...leaves.map((leaf) => fc.option(stepOf(leaf), { freq: 2 }))), list })
    .map(({ steps, list }) => ({
      ...Object.fromEntries(steps.flatMap((step, i) => (step ? [[pathOf(leaves[i]!, i), step]] : []))),
      ...(list ? { rows: list } : {}),
    }))
  if (leaves.every(({ depth }) => depth === 0)) return some
  const box = fc.constantFrom<Step>({ op: 'set', value: null }, { op: 'set', value: {} }).map((step) => ({ box: step }))
  return fc.oneof({ weight: 4, arbitrary: some }, { weight: 1, arbitrary: box })
}

const operations: Record<Exclude<Step['op'], 'set'>, (value: never, path: string) => patch.Operation> = {
  increment: patch.increment,
  append: patch.append,
  addToSet: patch.addToSet,
  pull: patch.pull,
  pop: patch.pop,
  min: patch.min,
  max: patch.max,
  insert: ({ value, at }: patch.Inserted) => patch.insert(value, at),
  change: ({ where, changes }: { where: Where; changes: Steps }) => changeWhere(where, inputOf(changes)),
  mean: (value: number, path) => patch.compute(patch.divide(patch.add(patch.field(path), value), 3)),
}

export function inputOf(steps: Steps): Input {
  const changes = Object.entries(steps).map(([path, { op, value }]) => [
    path,
    op === 'set' ? value : operations[op](value as never, path),
  ])
  return Object.fromEntries(changes)
}
