import { z } from 'zod'
import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { type Ledger, overwrite, parseAs } from '../stores/ledger.ts'
import type { Json } from '../util/json.ts'

const kind = 'sign-off'
const log = 'sign-off'

/** Who has put a name to a type's next move. It holds for one mapping, until authority moves or a mirror begins. */
export interface SignOff {
  readonly by: string
  readonly why: string | null
  /** By the host's clock. */
  readonly at: string
  readonly epoch: number
  readonly mapping: string
}

const form: z.ZodType<SignOff> = z.object({
  by: z.string(),
  why: z.string().nullable(),
  at: z.string(),
  epoch: z.number(),
  mapping: z.string(),
})

/** The last; null where there is none. */
export async function lastSignOff(ledger: Ledger, { name }: Pick<Entity, 'name'>): Promise<SignOff | null> {
  const entry = await ledger.get(kind, name)
  return entry && parseAs(form, entry.value)
}

/** @param evidence what was seen when it was signed, kept with it in the log. */
export async function signOff(
  ledger: Ledger,
  entity: Entity,
  { epoch }: Flag,
  { by, why }: Pick<SignOff, 'by' | 'why'>,
  evidence: Json,
): Promise<SignOff> {
  const signed: SignOff = { by, why, at: new Date().toISOString(), epoch, mapping: mappingDigest(entity) }
  await overwrite(ledger, kind, entity.name, { ...signed })
  await ledger.append(log, entity.name, { ...signed, evidence })
  return signed
}
