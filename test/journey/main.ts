import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openSession } from '../../src/cli/session.ts'
import { recordingsIn } from '../../src/replay/recordings.ts'
import { messageOf } from '../../src/util/errors.ts'
import { command } from '../history/command.ts'
import { gatewayProcess } from '../history/gateway-process.ts'
import { type Figures, way } from './way.ts'

/**
 * The whole way of an app's types from MongoDB to PostgreSQL and out of MongoDB, by the commands that an operator has, on
 * stores of its own. Ends with one line of JSON: each step, its figures, ok or not.
 */
const { values } = parseArgs({
  options: { data: { type: 'string' }, drift: { type: 'string', default: '25' }, json: { type: 'boolean' } },
})
const data = values.data === undefined ? undefined : resolve(values.data)
if (data !== undefined && !existsSync(data)) {
  console.error(`There is no folder ${data}.`)
  process.exit(1)
}

const config = new URL('crossfade.config.ts', import.meta.url).pathname
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-journey-'))
process.env['CROSSFADE_DATA_DIR'] = dataDir
const session = await openSession(config, (line) => console.error(line))
const env = { MONGODB_URI: session.servers.mongo.uri, DATABASE_URL: session.servers.postgres.uri }
const gateway = await gatewayProcess({ name: 'journey', dataDir, env, config })
const run = (...args: string[]) =>
  command(args, { ...env, CROSSFADE_DATA_DIR: join(dataDir, 'command') }, undefined, config)
const journey = {
  session,
  demo: session.config.demo!,
  gateway,
  run,
  data,
  drift: Number(values.drift),
  recordings: recordingsIn(join(dataDir, 'journey')),
}

const steps: { step: string; ok: boolean; seconds: number; figures: Figures }[] = []
try {
  for (const [step, take] of way) {
    const began = performance.now()
    const seconds = (): number => Math.round((performance.now() - began) / 100) / 10
    try {
      const figures = await take(journey)
      steps.push({ step, ok: true, seconds: seconds(), figures })
    } catch (error) {
      steps.push({ step, ok: false, seconds: seconds(), figures: { error: messageOf(error) } })
    }
    console.error(JSON.stringify(steps.at(-1)))
    if (!steps.at(-1)!.ok) break
  }
} finally {
  await gateway.stop()
  await session.close()
  rmSync(dataDir, { recursive: true, force: true })
}
const ok = steps.length === way.length && steps.every((each) => each.ok)
console.log(JSON.stringify({ journey: data === undefined ? 'sample data' : values.data, ok, steps }))
process.exitCode = ok ? 0 : 2
