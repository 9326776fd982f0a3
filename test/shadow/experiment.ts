import { defineEntity } from '../../src/entity/define-entity.ts'
import { objectId, text } from '../../src/entity/field.ts'
import { allFields } from '../../src/entity/field-set.ts'
import type { Experiment } from '../../src/shadow/experiment.ts'
import type { Outcome } from '../../src/shadow/outcome.ts'
import { Shadow, type ShadowOptions } from '../../src/shadow/shadow.ts'
import type { Mismatch, Seen } from '../../src/stores/findings.ts'
import type { Item } from '../../src/stores/store.ts'
import type { Version } from '../../src/stores/version.ts'
import type { Json } from '../../src/util/json.ts'

export const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: objectId(),
  fields: { title: text(), secret: text().sensitive() },
})

/** A record: its id, its title and the counter of its version. */
export type Note = readonly [id: string, title: string, counter: number]

export const item = ([id, title, counter]: Note, pending = false): Item => ({
  version: { epoch: 1, counter } satisfies Version,
  pending,
  record: { id, title, secret: `${title}!` },
})

export const page = (notes: readonly Note[], limit?: number): Outcome => ({
  is: 'records',
  entity: Note,
  fields: allFields(Note),
  lists: new Map([['', notes.map((note) => item(note))]]),
  ordered: true,
  ...(limit === undefined ? {} : { limit }),
})

export const value = (each: Json): Outcome => ({ is: 'value', value: each })

/** What the two stores hold and list at one moment. */
export interface World {
  readonly control: readonly Note[]
  readonly candidate: readonly Note[]
  /** What their lists have, where it is not all of it. */
  readonly listed?: { readonly control: readonly Note[]; readonly candidate: readonly Note[] }
  readonly owed?: readonly string[]
}

interface Told {
  /** `kind path id`, a line each. */
  readonly found: string[]
  readonly raw: readonly Mismatch[]
  /** What was kept, in one batch. */
  readonly seen: Seen | null
  readonly shadow: Shadow
}

const quiet: ShadowOptions = {
  pending: async () => false,
  owedFor: async () => new Map(),
  keep: async () => undefined,
  rules: async () => [],
  failureOf: () => null,
  log: () => undefined,
  repeatPercent: 0,
  recheckMs: [1, 1, 1],
}

/** A comparison of whole values or of anything else, run to its end. */
export async function compared(experiment: Partial<Experiment>, options: Partial<ShadowOptions> = {}): Promise<Told> {
  const raw: Mismatch[] = []
  let seen: Seen | null = null
  const shadow = new Shadow({
    ...quiet,
    onMismatch: (mismatch) => raw.push(mismatch),
    keep: async (batch) => {
      seen = batch
    },
    ...options,
  })
  const control = experiment.control ?? (() => page([]))
  shadow.offer({
    entity: Note,
    fields: control().is === 'records' ? allFields(Note) : null,
    epoch: 1,
    types: ['Note'],
    resolver: 'Query.notes',
    stores: { control: 'mongo', candidate: 'postgres' },
    args: () => ({}),
    bytes: 0,
    controlMs: 1,
    control,
    candidate: async () => page([]),
    again: async () => control(),
    records: async () => new Map(),
    ...experiment,
  })
  await shadow.idle()
  return { found: raw.map(({ kind, path, id }) => `${kind} ${path} ${id}`), raw, seen, shadow }
}

/**
 * A page of notes, compared; the worlds are those of the first read and of each look after it, the last one staying.
 * Time goes on after a look has read the control, which is what it reads last.
 */
export async function comparedPage(
  worlds: readonly World[],
  options: Partial<ShadowOptions> = {},
  limit?: number,
): Promise<Told> {
  let at = 0
  const now = (): World => worlds[Math.min(at, worlds.length - 1)]!
  const listed = (side: 'control' | 'candidate'): Outcome => page((now().listed ?? now())[side], limit)
  const first = listed('control')
  return compared(
    {
      control: () => first,
      candidate: async () => {
        const read = listed('candidate')
        if (at === 0) at++
        return read
      },
      again: async () => listed('control'),
      records: async (side, ids) => {
        const held = now()[side].filter(([id]) => ids.includes(id))
        if (side === 'control') at++
        return new Map(held.map((note) => [note[0], item(note)]))
      },
    },
    {
      owedFor: async (_type, ids) =>
        new Map((now().owed ?? []).filter((id) => ids.includes(id)).map((id) => [id, 5_000])),
      ...options,
    },
  )
}
