import { z } from 'zod'
import type { Findings } from '../stores/findings.ts'
import { type Ledger, overwrite, parseAs } from '../stores/ledger.ts'

const kind = 'measured-anew'
const log = 'measured-anew'
const key = 'timings'

/** Who has had the times of reads forgotten, of all types. */
export interface MeasuredAnew {
  readonly by: string
  readonly why: string
  /** By the host's clock. */
  readonly at: string
}

const form: z.ZodType<MeasuredAnew> = z.object({ by: z.string(), why: z.string(), at: z.string() })

interface Kept {
  readonly findings: Findings
  readonly ledger: Ledger
}

/** The last time; null where nobody ever has. */
export async function lastMeasuredAnew({ ledger }: Pick<Kept, 'ledger'>): Promise<MeasuredAnew | null> {
  const entry = await ledger.get(kind, key)
  return entry && parseAs(form, entry.value)
}

/** Forgets what reads took so far. Who and why is kept before, since a gate is met by what is measured from now on. */
export async function measureAnew(
  { findings, ledger }: Kept,
  said: Pick<MeasuredAnew, 'by' | 'why'>,
): Promise<MeasuredAnew> {
  const anew: MeasuredAnew = { ...said, at: new Date().toISOString() }
  await ledger.append(log, key, { ...anew })
  await overwrite(ledger, kind, key, { ...anew })
  await findings.clearTimings()
  return anew
}
