import { CrossfadeError, messageOf } from '../util/errors.ts'
import { forget } from './end-with-us.ts'
import { type Answer, stopSignals, untilReady } from './run-server.ts'
import { runsWith, stillRuns, stopProcess } from './running-process.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { type Part, readState, realDataDir, type ServerState } from './state.ts'

const labels: Record<Part, string> = { mongo: 'MongoDB', postgres: 'PostgreSQL' }

/** The recorded server of a data directory, where its process runs. */
export function recordedServer(dataDir: string, part: Part): ServerState | null {
  const state = readState(dataDir, part)
  return state && runsWith(state.pid, state.data) ? state : null
}

/**
 * The server that runs already: kept, or of another process. One that outlived its process (`kill -9`) is stopped,
 * since it may still do what its clients asked before they died; null then, as where none runs.
 *
 * @throws Error where it runs and does not answer: it may be in use, so it is not ours to end.
 */
export async function findServer(
  part: Part,
  { dataDir, log }: StartOptions,
  uri: (state: ServerState) => string,
  ask: (uri: string) => Promise<Answer>,
): Promise<StartedStore | null> {
  const state = recordedServer(dataDir, part)
  if (!state) return null
  const { pid, port } = state
  if (state.owner && !stillRuns(state.owner)) {
    log(`${labels[part]} was left behind by a process that was killed; stopping it (pid ${pid}).`)
    await stopProcess(pid, stopSignals[part])
    return null
  }
  try {
    const { name, version } = await untilReady(pid, 10_000, () => ask(uri(state)))
    log(`${name} ${version} at 127.0.0.1:${port} (running already)`)
    return { name, version, uri: uri(state), pid, startedHere: false }
  } catch (error) {
    if (!recordedServer(dataDir, part)) return null // it was just being stopped
    const text = `${labels[part]} runs (pid ${pid}) at 127.0.0.1:${port}, but: ${messageOf(error)}. Stop it first.`
    throw new CrossfadeError('UNAVAILABLE', text, { cause: error })
  }
}

/** Stops the recorded server, whoever started it. False where none was running. */
export async function stopServer(dataDir: string, part: Part): Promise<boolean> {
  const state = recordedServer(realDataDir(dataDir), part)
  if (!state) return false
  await stopProcess(state.pid, stopSignals[part])
  forget(state.pid)
  return true
}
