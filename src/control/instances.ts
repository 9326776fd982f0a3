import { z } from 'zod'
import { type AgedEntry, type Ledger, parseAs } from '../stores/ledger.ts'
import { times } from './times.ts'

export const instanceKind = 'instance'

/** The flag revision that an instance acknowledges, by type: what it began under an earlier one has ended. */
export type Acknowledged = Readonly<Record<string, number>>

/** What an instance tells with each sign of life. */
export interface Sign {
  readonly acknowledged: Acknowledged
  /** How many writes of a type were owed when it last looked. */
  readonly owed: Readonly<Record<string, number>>
  /** How it keeps records of a type, see `mappingDigest`. */
  readonly mappings: Readonly<Record<string, string>>
  /** What is wrong with what it asks for flags, a line each. */
  readonly alerts: string[]
}

/** One gateway, as a store knows it. */
export interface Instance extends Sign {
  readonly id: string
  /** Since its last sign of life, in milliseconds by the store's clock. */
  readonly ageMs: number
}

/** One that does not tell what it acknowledges has acknowledged nothing: a mover waits for it, and names it. */
const numbers = z.record(z.string(), z.number()).catch({})
const digests = z.record(z.string(), z.string()).catch({})
const alerts = z.array(z.string()).catch([])
const unknown: Sign = { acknowledged: {}, owed: {}, mappings: {}, alerts: [] }
const form: z.ZodType<Sign> = z
  .object({ acknowledged: numbers, owed: numbers, mappings: digests, alerts })
  .catch(unknown)

const fromEntry = ({ key, value, ageMs }: AgedEntry): Instance => ({ id: key, ageMs, ...parseAs(form, value)! })

export const withdraw = (ledger: Ledger, id: string): Promise<void> => ledger.remove(instanceKind, id)

/** All that a store knows of, those that have gone included. */
export const instancesOf = async (ledger: Ledger): Promise<Instance[]> =>
  (await ledger.list(instanceKind)).map(fromEntry)

/** Instances that gave a sign of life lately: the others have ended whatever they began. */
export const liveInstances = async (ledger: Ledger): Promise<Instance[]> =>
  (await instancesOf(ledger)).filter(({ ageMs }) => ageMs < times.gone)

/**
 * Those that live and keep records of a type in another way, as during a rolling deploy of the app, or do not tell how.
 */
export const otherMappings = async (ledger: Ledger, type: string, digest: string): Promise<string[]> =>
  (await liveInstances(ledger)).filter(({ mappings }) => mappings[type] !== digest).map(({ id }) => id)

/**
 * Forgets instances that have been gone for long. They would come back with their next sign of life: one that gives it
 * just now is not forgotten.
 */
export async function forgetGone(ledger: Ledger): Promise<void> {
  for (const { key, revision, ageMs } of await ledger.list(instanceKind))
    if (ageMs > 100 * times.gone) await ledger.remove(instanceKind, key, revision)
}
