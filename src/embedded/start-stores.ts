import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startMongo, stopMongo } from './mongo.ts'
import { startPostgres, stopPostgres } from './postgres.ts'
import { isOurs } from './server-process.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { type Part, readState } from './state.ts'

export interface Stores {
  readonly mongo: StartedStore
  readonly postgres: StartedStore
  /** Stops what was started here, Postgres first. */
  stop(): Promise<void>
}

/**
 * Starts both stores, or uses those that are given or run already. Data persists in the data directory; each start
 * logs what it is, its version and address.
 *
 * @throws Error with the reasons where a store cannot be had; the other is stopped again.
 */
export async function startStores(
  options: StartOptions & { mongoUri?: string | undefined; databaseUrl?: string | undefined },
): Promise<Stores> {
  mkdirSync(options.dataDir, { recursive: true })
  const [postgres, mongo] = await Promise.allSettled([startPostgres(options), startMongo(options)])
  const stop = async (): Promise<void> => {
    if (postgres.status === 'fulfilled' && postgres.value.startedHere) await stopPostgres(options.dataDir)
    if (mongo.status === 'fulfilled' && mongo.value.startedHere) await stopMongo(options.dataDir)
  }
  const failed = [postgres, mongo].find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  if (postgres.status === 'rejected' || mongo.status === 'rejected') throw new Error('unreachable')
  return { mongo: mongo.value, postgres: postgres.value, stop }
}

/** Stops the stores of a data directory, whoever started them; returns those that ran. */
export async function stopStores(dataDir: string): Promise<Part[]> {
  const stopped: Part[] = []
  if (await stopPostgres(dataDir)) stopped.push('postgres')
  if (await stopMongo(dataDir)) stopped.push('mongo')
  return stopped
}

/** Which stores of a data directory run, and where. */
export function storesStatus(dataDir: string): { part: Part; port: number; pid: number }[] {
  const absolute = resolve(dataDir)
  const markers: Record<Part, string> = { mongo: absolute, postgres: join(absolute, 'postgres') }
  return (['mongo', 'postgres'] as const).flatMap((part) => {
    const state = readState(absolute, part)
    return state && isOurs(state.pid, markers[part]) ? [{ part, port: state.port, pid: state.pid }] : []
  })
}
