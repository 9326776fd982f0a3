import { AsyncLocalStorage } from 'node:async_hooks'
import type { MongoClient } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { writeError } from './errors.ts'

interface Attempt {
  sent: number
}

const attempts = new AsyncLocalStorage<Attempt>()
const writes = new Set(['insert', 'update', 'delete', 'findAndModify'])

const counted = new WeakSet<MongoClient>()

/**
 * Counts the write commands that leave on a client, from its first connection on. The driver's retry replaces the error of
 * the first attempt by its own, such as "no server", so that the error alone does not tell whether anything was sent. Who
 * only reads is better off without: the events cost each command 35 µs.
 */
export function countSent(client: MongoClient): void {
  if (counted.has(client)) return
  counted.add(client)
  client.options.monitorCommands = true // each connection looks when it is made
  client.on('commandStarted', ({ commandName }) => {
    const attempt = attempts.getStore()
    if (attempt && writes.has(commandName)) attempt.sent++
  })
}

/** Runs a write for a caller who is to know what became of it. @throws CrossfadeError, see `writeError`. */
export async function answered<T>(entity: Entity, write: () => Promise<T>): Promise<T> {
  const attempt: Attempt = { sent: 0 }
  try {
    return await attempts.run(attempt, write)
  } catch (error) {
    throw writeError(entity, error, attempt.sent)
  }
}
