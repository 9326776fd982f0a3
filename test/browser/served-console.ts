import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { startAdmin } from '../../src/admin/admin-server.ts'
import { adminApi } from '../../src/admin/api/api.ts'
import type { GatedApp } from '../../src/admin/asks-gates.ts'
import { consoleFiles } from '../../src/admin/console-files.ts'
import type { JobsApart } from '../../src/admin/jobs-apart.ts'
import { Metrics } from '../../src/admin/metrics.ts'
import { type Role, roles } from '../../src/control/role.ts'
import { typeOf } from '../../src/entity/type-of.ts'
import { told } from '../../src/gateway/told.ts'
import { verify } from '../../src/jobs/verify.ts'
import type { Replayed } from '../../src/replay/replayed.ts'
import type { Stores } from '../../src/routing/routing.ts'

export interface ServedConsole {
  /** The page, with the token of a role. */
  link(role: Role, stores: Stores): Promise<string>
  readonly killed: readonly string[]
  close(): Promise<void>
}

/** A secret is the role that it lets in. */
const find = async (secret: string) => {
  const role = roles.find((each) => each === secret)
  return role ? { name: `the-${role}`, role } : null
}

/** What a replay finds here. */
const replayed: Replayed = {
  a: 'mongo',
  b: 'postgres',
  compared: 12,
  equal: 11,
  different: 1,
  ofNothing: 0,
  refusedAlike: 0,
  undecided: 0,
  unanswered: 0,
  skipped: { mutations: 3, subscriptions: 0, tokens: 0, unfit: 0, others: 2, stale: {} },
  leftOut: {},
  unreadable: 0,
  problems: [],
  otherContract: false,
  groups: [
    {
      operation: 'OneNote',
      path: 'note.text',
      kind: 'value',
      count: 1,
      examples: [
        {
          place: 'monday.jsonl:2',
          at: 'note.text',
          a: 'as it was',
          b: 'as it is',
          records: [{ type: 'Note', id: '1', paths: ['text'], versions: ['1.2', '1.2'] }],
        },
      ],
    },
  ],
  times: [],
}

/** In this process: a test's stores and app are in no configuration that a command could load. */
const jobsHere = ({ entities }: GatedApp, stores: Stores): JobsApart => ({
  verify: (type, watching) => verify({ stores, entity: typeOf(entities, type), ...watching }),
  replay: async () => replayed,
})

/** The console, as it is built now, over an app. */
export async function serveConsole(app: GatedApp): Promise<ServedConsole> {
  const outDir = mkdtempSync(join(tmpdir(), 'crossfade-console-'))
  const root = new URL('../../console', import.meta.url).pathname
  await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } })
  const killed: string[] = []
  const running: { close(): Promise<void> }[] = []
  const switching = {
    list: () => killed,
    async set(type: string, on: boolean) {
      killed.splice(0, killed.length, ...(on ? [type] : []))
      return { killed, untold: [] }
    },
  }
  const tell = (error: unknown): string | null => told(error, { env: {} })
  return {
    killed,
    async link(role, stores) {
      const admin = await startAdmin({
        port: 0,
        host: '127.0.0.1',
        tokens: { find },
        metrics: new Metrics(),
        killed: switching,
        api: adminApi({
          app,
          stores,
          killed: switching,
          jobs: jobsHere(app, stores),
          recordings: async () => [{ path: 'monday.jsonl', bytes: 12_000, at: new Date() }],
          tell,
          log: () => undefined,
        }),
        console: consoleFiles(outDir),
      })
      running.push(admin)
      return `${admin.url}/#token=${role}`
    },
    async close() {
      await Promise.all(running.map((each) => each.close()))
      rmSync(outDir, { recursive: true })
    },
  }
}
