import { z } from 'zod'
import { type AgedEntry, type Ledger, overwrite, parseAs } from '../stores/ledger.ts'

/** What an operator has said of the copies of a type; all who work on one heed it within about a second. */
export interface CopyControl {
  readonly isPaused: boolean
  /** Documents a second at most, of all who copy the type taken together; null where each goes by its own rate. */
  readonly limit: number | null
}

/** Kind of the entries in PostgreSQL's ledger, by type. They go with the end of the copy. */
export const controlKind = 'backfill-control'

const form: z.ZodType<CopyControl> = z.object({ isPaused: z.boolean(), limit: z.number().positive().nullable() })

export const uncontrolled: CopyControl = { isPaused: false, limit: null }

export const parseControl = (entry: Pick<AgedEntry, 'value'> | null | undefined): CopyControl =>
  (entry && parseAs(form, entry.value)) ?? uncontrolled

/** Changes what is said of the copies of a type. @returns what holds now. */
export async function controlCopy(ledger: Ledger, type: string, change: Partial<CopyControl>): Promise<CopyControl> {
  const next = { ...parseControl(await ledger.get(controlKind, type)), ...change }
  await overwrite(ledger, controlKind, type, next)
  return next
}
