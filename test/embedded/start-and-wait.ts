// A program that owns stores: node start-and-wait.ts <data dir> both|postgres|keep. With `keep` it ends, else it waits.
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startStores } from '../../src/embedded/start-stores.ts'

const [dataDir, mode] = process.argv.slice(2)
const options = { dataDir: dataDir!, keep: mode === 'keep', log: () => undefined }
const { mongo, postgres } =
  mode === 'postgres' ? { mongo: null, postgres: await startPostgres(options) } : await startStores(options)
process.stdout.write(JSON.stringify({ mongo, postgres }))
if (mode !== 'keep') setInterval(() => undefined, 60_000)
