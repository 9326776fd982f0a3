import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType, record } from 'crossfade/pothos'
import type { Role } from '../../src/control/role.ts'
import type { Stores } from '../../src/routing/routing.ts'
import type { SeenGroup } from '../../src/stores/findings.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { serveConsole } from './served-console.ts'

const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  fields: { title: text(), text: text() },
})

const builder = createBuilder()
entityType(builder, Note)
builder.queryType({ fields: (t) => ({ note: record(t, Note), notes: connection(t, Note) }) })
const schema = builder.toSchema()

const group: SeenGroup = {
  fingerprint: 'abc123',
  type: 'Note',
  resolver: 'Query.note',
  kind: 'divergence',
  path: 'text',
  count: 1_234,
  firstMs: 7_200_000,
  lastMs: 60_000,
  examples: [
    {
      subject: 'id 1',
      id: '1',
      agoMs: 60_000,
      example: {
        args: { id: 1 },
        control: { text: 'a', title: 'x' },
        candidate: { text: 'b', title: 'x' },
        controlVersion: '1.5',
        candidateVersion: '1.5',
        answeredBy: 'mongo',
      },
    },
  ],
}

export interface OpenedConsole {
  readonly api: SmallGateway
  /** The page, with the token of a role. @param stores others than those that answer. */
  link(role: Role, stores?: Stores): Promise<string>
  readonly killed: readonly string[]
  close(): Promise<void>
}

/** The console over both real stores, with a type in shadow and differences that were found. */
export async function openConsole(): Promise<OpenedConsole> {
  const served = await serveConsole({ schema, entities: [Note] })
  const api = await openSmallGateway(schema, Note, [
    { _id: 1, title: 'x', text: 'a' },
    { _id: 2, title: 'y', text: 'c' },
    { _id: 3, title: 'z', text: ['x'] },
  ])
  const other = (n: number): SeenGroup => ({
    ...group,
    fingerprint: `f${n}`,
    path: 'title',
    kind: 'missing',
    count: n,
    resolver: `Query.notes${n}`,
    examples: [],
  })
  await api.stores.postgres.findings.add({
    ...nothingSeen,
    groups: [group, ...Array.from({ length: 60 }, (_, n) => other(n + 1))],
  })
  return {
    api,
    killed: served.killed,
    link: (role, stores = api.stores) => served.link(role, stores),
    async close() {
      await served.close()
      await api.close()
    },
  }
}
