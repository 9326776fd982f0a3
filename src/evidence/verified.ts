import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import type { Ledger } from '../stores/ledger.ts'
import { parseAs } from '../stores/ledger.ts'
import { type Origin, origins } from '../util/origin.ts'

/** Where the ledger of the store with authority keeps the last `verify` of a whole type, by the type's name. */
export const verifiedKind = 'verified'

/** Likewise that of a part of a type, and of the last of both which records differed. */
export const verifiedKinds = {
  whole: verifiedKind,
  part: 'verified-part',
  differences: 'verified-differences',
} as const

/** What a gate reads of a kept `verify`. */
export interface KeptVerify {
  readonly epoch: number
  /** Of the mapping that the records were read by, see `mappingDigest`. */
  readonly mapping: string
  /** By the clock of the host that has verified, as `ended`. */
  readonly began: string
  readonly ended: string
  readonly compared: number
  /** By kind of difference. */
  readonly different: Readonly<Record<string, number>>
  readonly undecided: number
  /** Records that differ as somebody had accepted, and documents without a record; of these the second. */
  readonly accepted: number
  readonly acceptedDocuments: number
  /** Names of the rules that were in force for the type. */
  readonly rules: readonly string[]
  /** Since it was kept, in milliseconds, by the store's clock. */
  readonly ageMs: number
}

const form = z.object({
  epoch: z.number(),
  mapping: z.string(),
  began: z.string(),
  ended: z.string(),
  compared: z.number(),
  different: z.record(z.string(), z.number()),
  undecided: z.number(),
  // Of earlier versions
  accepted: z.number().default(0),
  acceptedDocuments: z.number().default(0),
  rules: z.array(z.string()).default([]),
})

/** The last `verify` of each whole type that is kept in this store, by the type's name. */
export async function lastVerifies(ledger: Ledger): Promise<ReadonlyMap<string, KeptVerify>> {
  const found = new Map<string, KeptVerify>()
  for (const { key, value, ageMs } of await ledger.list(verifiedKind)) {
    const kept = parseAs(form, value)
    if (kept) found.set(key, { ...kept, ageMs })
  }
  return found
}

/** The last of several stores: each keeps those of the time when it had authority. */
export function newestVerifies(ofStores: readonly ReadonlyMap<string, KeptVerify>[]): ReadonlyMap<string, KeptVerify> {
  const newest = new Map<string, KeptVerify>()
  for (const [type, kept] of ofStores.flatMap((each) => [...each]))
    if (kept.ageMs < (newest.get(type)?.ageMs ?? Number.POSITIVE_INFINITY)) newest.set(type, kept)
  return newest
}

/** That of one type in either store. @throws where one does not answer: it may have the last. */
export async function newestVerify(
  stores: Readonly<Record<Origin, { readonly ledger: Ledger }>>,
  { name }: Pick<Entity, 'name'>,
): Promise<KeptVerify | null> {
  const kept = await Promise.all(origins.map((origin) => lastVerifies(stores[origin].ledger)))
  return newestVerifies(kept).get(name) ?? null
}

/**
 * Since the first record was read, in milliseconds: what was put together of several runs, or took a day, is no younger.
 */
export const ageSinceBegan = ({ ageMs, began, ended }: KeptVerify): number =>
  ageMs + Math.max(0, Date.parse(ended) - Date.parse(began))

/** Records that it found to differ. */
export const unequalIn = ({ different }: Pick<KeptVerify, 'different'>): number =>
  Object.values(different).reduce((sum, count) => sum + count, 0)

/**
 * What is wrong with it; null where both stores were equal. What is wrong in both alike, as values that should be unique,
 * is the issues' affair.
 */
export function faultOf(kept: KeptVerify): string | null {
  const { undecided, ended } = kept
  const unequal = unequalIn(kept)
  const at = `the last \`verify\`, of ${ended},`
  if (unequal > 0) return `${at} found ${unequal} records that differ`
  return undecided > 0 ? `${at} could not decide on ${undecided} records` : null
}
