import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType, record } from 'crossfade/pothos'
import { build } from 'vite'
import { startAdmin } from '../../src/admin/admin-server.ts'
import { adminApi } from '../../src/admin/api/api.ts'
import { consoleFiles } from '../../src/admin/console-files.ts'
import { Metrics } from '../../src/admin/metrics.ts'
import { type Role, roles } from '../../src/control/role.ts'
import { told } from '../../src/gateway/told.ts'
import type { Stores } from '../../src/routing/routing.ts'
import type { SeenGroup } from '../../src/stores/findings.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

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
  const outDir = mkdtempSync(join(tmpdir(), 'crossfade-console-'))
  const root = new URL('../../console', import.meta.url).pathname
  await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } })
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
  const killed: string[] = []
  const running: { close(): Promise<void> }[] = []
  const log = (): void => undefined
  const switching = {
    list: () => killed,
    set(type: string, on: boolean) {
      killed.splice(0, killed.length, ...(on ? [type] : []))
      return killed
    },
  }
  async function link(role: Role, stores: Stores = api.stores): Promise<string> {
    const admin = await startAdmin({
      port: 0,
      host: '127.0.0.1',
      tokens: {
        find: async (secret) =>
          roles.find((each) => secret === each) ? { name: `the-${secret}`, role: secret as Role } : null,
      },
      metrics: new Metrics(),
      killed: switching,
      api: adminApi({
        app: { schema, entities: [Note] },
        stores,
        killed: switching,
        tell: (error) => told(error, { env: {} }),
        log,
      }),
      console: consoleFiles(outDir),
    })
    running.push(admin)
    return `${admin.url}/#token=${role}`
  }
  return {
    api,
    link,
    killed,
    async close() {
      await Promise.all(running.map((each) => each.close()))
      await api.close()
      rmSync(outDir, { recursive: true })
    },
  }
}
