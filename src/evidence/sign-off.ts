import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import { type Stage, stages } from '../stage/stage.ts'
import { type Ledger, overwrite, parseAs } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import type { GateName, Look } from './gate.ts'

const kind = 'sign-off'
const log = 'sign-off'

/** Who has put a name to one change of a type's stage. It holds for one mapping, until authority moves or a mirror begins. */
export interface SignOff {
  readonly by: string
  readonly why: string | null
  /** By the host's clock. */
  readonly at: string
  /** The stage that it is to go to; null where an earlier version has not kept that. */
  readonly to: Stage | null
  readonly epoch: number
  readonly mapping: string
}

const form: z.ZodType<SignOff> = z.object({
  by: z.string(),
  why: z.string().nullable(),
  at: z.string(),
  to: z.enum(stages).nullable().default(null),
  epoch: z.number(),
  mapping: z.string(),
})

/** The last; null where there is none. */
export async function lastSignOff(ledger: Ledger, { name }: Pick<Entity, 'name'>): Promise<SignOff | null> {
  const entry = await ledger.get(kind, name)
  return entry && parseAs(form, entry.value)
}

/** What is signed: the gates of a change as they were seen, which are kept with it in the log. */
export interface Seen {
  readonly to: Stage
  readonly epoch: number
  readonly mapping: string
  readonly gates: readonly (Pick<Look, 'met'> & { readonly gate: GateName })[]
}

/** @throws BAD_USER_INPUT for a name that says nothing, and where other gates are not met and nobody says why it is signed. */
export async function signOff(
  ledger: Ledger,
  { name }: Pick<Entity, 'name'>,
  { by, why }: Pick<SignOff, 'by' | 'why'>,
  seen: Seen,
): Promise<SignOff> {
  if (by.trim() === '') throw new CrossfadeError('BAD_USER_INPUT', 'Nobody signs: the name is empty.')
  const { to, epoch, mapping } = seen
  const unmet = seen.gates.filter(({ gate, met }) => !met && gate !== 'signed').map(({ gate }) => gate)
  if (unmet.length > 0 && why === null) {
    const gates = unmet.length === 1 ? 'A gate is' : `${unmet.length} gates are`
    const text = `${gates} not met (${unmet.join(', ')}). Say why ${name} is signed all the same (\`why\`).`
    throw new CrossfadeError('BAD_USER_INPUT', text)
  }
  const signed: SignOff = { by, why, at: new Date().toISOString(), to, epoch, mapping }
  await overwrite(ledger, kind, name, { ...signed })
  await ledger.append(log, name, { ...signed, evidence: JSON.parse(JSON.stringify(seen)) as Json })
  return signed
}
