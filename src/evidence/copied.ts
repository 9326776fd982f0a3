import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import { type Ledger, parseAs } from '../stores/ledger.ts'

/** Where PostgreSQL's ledger keeps how far the last copy of a type is, by the type's name. */
export const copyKind = 'backfill'

/** What a gate reads of it. */
export interface KeptCopy {
  /** Of the mapping that the records were copied by, see `mappingDigest`. */
  readonly mapping: string
  readonly seen: number
  /** Null while it is not complete. */
  readonly ended: string | null
}

const form: z.ZodType<KeptCopy> = z.object({ mapping: z.string(), seen: z.number(), ended: z.string().nullable() })

/** The last copy of a type; null where there is none. */
export async function lastCopy(ledger: Ledger, { name }: Pick<Entity, 'name'>): Promise<KeptCopy | null> {
  const entry = await ledger.get(copyKind, name)
  return entry && parseAs(form, entry.value)
}
