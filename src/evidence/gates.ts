import type { Stage } from '../stage/stage.ts'
import type { Gate, GateName } from './gate.ts'
import { compared } from './gates/compared.ts'
import { copied } from './gates/copied.ts'
import { covered } from './gates/covered.ts'
import { indexes } from './gates/indexes.ts'
import { issues } from './gates/issues.ts'
import { latency } from './gates/latency.ts'
import { mirrored } from './gates/mirrored.ts'
import { schema } from './gates/schema.ts'
import { signed } from './gates/signed.ts'
import { verified } from './gates/verified.ts'

/** How each is looked at. */
export const gates: Readonly<Record<GateName, Gate>> = {
  schema,
  copied,
  verified,
  compared,
  covered,
  latency,
  indexes,
  issues,
  mirrored,
  signed,
}

const none: readonly GateName[] = []
/** PostgreSQL begins to be written. */
const begin = ['schema'] as const
/** PostgreSQL is to answer, and to acknowledge. */
const promote = [
  'schema',
  'copied',
  'verified',
  'compared',
  'covered',
  'latency',
  'indexes',
  'issues',
  'mirrored',
  'signed',
] as const
/** MongoDB, which would be the way back, is not written any more. */
const part = ['copied', 'verified', 'compared', 'covered', 'mirrored', 'signed'] as const
/** The way back is never shut by what was not measured: only by what would be missing there. */
const back = ['mirrored'] as const

/** What each change of stage asks for; by the stage that there is, then by the next. */
export const ASKED = {
  off: { off: none, dualwrite: begin, shadow: begin, live: promote, rampdown: promote, complete: promote },
  dualwrite: { off: none, dualwrite: none, shadow: begin, live: promote, rampdown: promote, complete: promote },
  shadow: { off: none, dualwrite: none, shadow: none, live: promote, rampdown: promote, complete: promote },
  live: { off: back, dualwrite: back, shadow: back, live: none, rampdown: none, complete: part },
  rampdown: { off: back, dualwrite: back, shadow: back, live: none, rampdown: none, complete: part },
  complete: { off: back, dualwrite: back, shadow: back, live: none, rampdown: none, complete: none },
} as const satisfies Record<Stage, Record<Stage, readonly GateName[]>>
