import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { objectId, text } from '../../src/entity/field.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import type { Outcome } from '../../src/shadow/outcome.ts'
import { redactArgs } from '../../src/shadow/redact.ts'
import { type Experiment, Shadow, type ShadowOptions } from '../../src/shadow/shadow.ts'
import type { Mismatch } from '../../src/stores/findings.ts'

const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: objectId(),
  fields: { title: text(), secret: text().sensitive() },
})
const fields = fieldSet(Note, ['title', 'secret'])

/** `id title counter`, a record each. */
function records(...notes: readonly (readonly [string, string, number])[]): Outcome {
  const items = notes.map(([id, title, counter]) => ({
    version: { epoch: 1, counter },
    pending: false,
    record: { id, title, secret: `${title}!` },
  }))
  return { is: 'records', entity: Note, fields, lists: new Map([['', items]]), ordered: true }
}

interface Given extends Partial<ShadowOptions> {
  readonly control: Outcome
  readonly candidate: () => Promise<Outcome>
  readonly again?: () => Promise<Outcome>
}

async function verdict({ control, candidate, again, ...options }: Given) {
  const found: Mismatch[] = []
  const shadow = new Shadow({
    pending: async () => false,
    publish: async (mismatches) => void found.push(...mismatches),
    log: () => undefined,
    recheckMs: [1, 1, 1],
    ...options,
  })
  const experiment: Experiment = {
    type: 'Note',
    types: ['Note'],
    resolver: 'Query.notes',
    args: {},
    control,
    candidate,
    again: again ?? (async () => control),
  }
  shadow.offer(experiment)
  await shadow.idle()
  return {
    found: found.map(({ kind, path, id }) => `${kind} ${path} ${id}`),
    counts: shadow.statistics.of('Note'),
    raw: found,
  }
}

describe('a shadow read', () => {
  test('that is equal is a match', async () => {
    const { found, counts } = await verdict({
      control: records(['a', 'x', 1]),
      candidate: async () => records(['a', 'x', 1]),
    })
    expect(found).toEqual([])
    expect(counts).toMatchObject({ sampled: 1, compared: 1, matched: 1 })
  })

  test('with unequal content at equal versions is a divergence, and hides what is sensitive', async () => {
    const { found, raw } = await verdict({
      control: records(['a', 'x', 1]),
      candidate: async () => records(['a', 'y', 1]),
    })
    expect(found).toEqual(['divergence title a', 'divergence secret a'])
    expect(raw[0]).toMatchObject({ control: 'x', candidate: 'y', controlVersion: '1.1', candidateVersion: '1.1' })
    expect(raw[1]).toMatchObject({ control: '[redacted]', candidate: '[redacted]' })
  })

  test('whose mirror catches up is lag and nothing is reported', async () => {
    let reads = 0
    const { found, counts } = await verdict({
      control: records(['a', 'y', 2]),
      candidate: async () => (reads++ === 0 ? records(['a', 'x', 1]) : records(['a', 'y', 2])),
    })
    expect(found).toEqual([])
    expect(counts).toMatchObject({ lag: 1, diverged: 0 })
  })

  test('whose versions never meet is indeterminate, not a divergence', async () => {
    const { found, counts } = await verdict({
      control: records(['a', 'y', 2]),
      candidate: async () => records(['a', 'x', 1]),
    })
    expect(found).toEqual([])
    expect(counts).toMatchObject({ indeterminate: 1, diverged: 0 })
  })

  test('that misses a record is reported only after a recheck agrees', async () => {
    let reads = 0
    const missing = await verdict({ control: records(['a', 'x', 1]), candidate: async () => records() })
    expect(missing.found).toEqual(['missing  a'])
    const late = await verdict({
      control: records(['a', 'x', 1]),
      candidate: async () => (reads++ === 0 ? records() : records(['a', 'x', 1])),
    })
    expect(late.found).toEqual([])
    expect(late.counts.lag).toBe(1)
  })

  test('in another order is reported where the control agrees with itself', async () => {
    const control = records(['a', 'x', 1], ['b', 'y', 1])
    const candidate = async (): Promise<Outcome> => records(['b', 'y', 1], ['a', 'x', 1])
    expect((await verdict({ control, candidate })).found).toEqual(['order  null'])
    let turn = 0
    const restless = await verdict({
      control,
      candidate,
      again: async () => (turn++ % 2 === 0 ? control : records(['a', 'x', 1])),
    })
    expect(restless.found).toEqual([])
  })

  test('is no divergence while a write of the type is owed', async () => {
    const { found, counts } = await verdict({
      control: { is: 'value', value: 3 },
      candidate: async () => ({ is: 'value', value: 2 }),
      pending: async () => true,
    })
    expect(found).toEqual([])
    expect(counts).toMatchObject({ lag: 1 })
  })

  test('that fails or takes too long is an error or a timeout, and nobody else notices', async () => {
    const broken = await verdict({ control: records(), candidate: () => Promise.reject(new Error('gone')) })
    expect(broken.found).toEqual(['error  null'])
    const slow = await verdict({
      control: records(),
      candidate: () => sleep(200).then(() => records()),
      timeoutMs: 10,
    })
    expect(slow.found).toEqual(['timeout  null'])
  })

  test('is shed where the budget is used up', async () => {
    const shadow = new Shadow({
      pending: async () => false,
      publish: async () => undefined,
      log: () => undefined,
      concurrency: 1,
      queue: 2,
    })
    const experiment: Experiment = {
      type: 'Note',
      types: ['Note'],
      resolver: 'Query.notes',
      args: {},
      control: records(),
      candidate: () => sleep(20).then(() => records()),
      again: async () => records(),
    }
    for (let index = 0; index < 10; index++) shadow.offer(experiment)
    await shadow.idle()
    const { sampled, shed, matched } = shadow.statistics.of('Note')
    expect(sampled).toBe(10)
    expect(shed + matched).toBe(10)
    expect(shed).toBeGreaterThanOrEqual(7)
  })
})

test('arguments keep their shape, ids and enum values, and lose all other text', () => {
  const args = {
    id: '573a1390f29313caabcd42e8',
    first: 5,
    order: [{ field: 'TITLE' }],
    filter: { email: { eq: 'a@example.com' } },
  }
  expect(redactArgs(args)).toEqual({
    id: '573a1390f29313caabcd42e8',
    first: 5,
    order: [{ field: 'TITLE' }],
    filter: { email: { eq: '[redacted]' } },
  })
})
