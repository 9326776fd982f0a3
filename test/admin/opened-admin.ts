import { defineEntity, int, text } from 'crossfade'
import { connection, createBuilder, entityType, record } from 'crossfade/pothos'
import { type RunningAdmin, startAdmin } from '../../src/admin/admin-server.ts'
import { adminApi } from '../../src/admin/api/api.ts'
import type { JobsApart } from '../../src/admin/jobs-apart.ts'
import type { Killed } from '../../src/admin/killed.ts'
import { KnownTokens } from '../../src/admin/known-tokens.ts'
import { Metrics } from '../../src/admin/metrics.ts'
import { makeToken } from '../../src/admin/tokens.ts'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { type Role, roles } from '../../src/control/role.ts'
import { told } from '../../src/gateway/told.ts'
import type { RecordingFile } from '../../src/replay/recordings.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

export const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  fields: { text: text(), secret: text().sensitive() },
})

const builder = createBuilder()
entityType(builder, Note)
builder.queryType({ fields: (t) => ({ note: record(t, Note), notes: connection(t, Note) }) })
const schema = builder.toSchema()

export interface OpenedAdmin {
  readonly api: SmallGateway
  readonly url: string
  readonly secrets: Readonly<Record<Role, string>>
  readonly killed: Killed & { names: string[] }
  readonly logged: string[]
  /** What jobs do; default: nothing, for ever. */
  jobs: JobsApart
  recordings: readonly RecordingFile[]
  /** Another port, over other stores. */
  open(stores: Stores): Promise<RunningAdmin>
  close(): Promise<void>
}

/** The admin port of a small gateway in shadow, with one value that could not be carried, and a token of each role. */
export async function openAdmin(): Promise<OpenedAdmin> {
  const logged: string[] = []
  const killed: Killed & { names: string[] } = {
    names: [],
    list: () => killed.names,
    async set(type, on, by) {
      if (type !== 'Note' && type !== 'all') throw new CrossfadeError('BAD_USER_INPUT', `There is no type ${type}.`)
      killed.names = on ? [type] : []
      logged.push(`${by} ${type} ${on}`)
      return { killed: killed.names, untold: [] }
    },
  }
  const api = await openSmallGateway(schema, Note, [
    { _id: 1, text: 'a', secret: 'nobody reads this' },
    { _id: 2, text: ['x'] },
  ])
  const ledgers = ledgersOf(api.stores)
  const secrets = {} as Record<Role, string>
  for (const role of roles)
    secrets[role] = await makeToken(ledgers, { name: `the-${role}`, role, days: 1, by: 'a test' })
  const app = { schema, entities: [Note] }
  const log = (level: string, message: string): void => void logged.push(`${level} ${message}`)
  const tell = (error: unknown): string | null => told(error, { env: {} })
  const open = (stores: Stores): Promise<RunningAdmin> =>
    startAdmin({
      port: 0,
      host: '127.0.0.1',
      tokens: new KnownTokens(ledgers),
      metrics: new Metrics(),
      killed,
      console: new Map(),
      api: adminApi({
        app,
        stores,
        killed,
        jobs: {
          verify: (...asked) => opened.jobs.verify(...asked),
          replay: (...asked) => opened.jobs.replay(...asked),
        },
        recordings: async () => opened.recordings,
        tell,
        log,
      }),
    })
  const admin = await open(api.stores)
  const opened: OpenedAdmin = {
    api,
    jobs: { verify: () => new Promise(() => undefined), replay: () => new Promise(() => undefined) },
    recordings: [],
    url: admin.url,
    secrets,
    killed,
    logged,
    open,
    async close() {
      await admin.close()
      await api.close()
    },
  }
  return opened
}
