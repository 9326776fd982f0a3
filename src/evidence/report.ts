import type { Stage } from '../stage/stage.ts'
import type { GateState } from './look-at.ts'
import type { SignOff } from './sign-off.ts'

/** What is proved about a type, for one change of its stage. */
export interface TypeEvidence {
  readonly type: string
  readonly from: Stage
  readonly to: Stage
  readonly epoch: number
  /** Of the mapping that it is said of, see `mappingDigest`. */
  readonly mapping: string
  /** By the host's clock. */
  readonly at: string
  readonly gates: readonly GateState[]
  /** The last; it may be of an earlier state. */
  readonly signOff: SignOff | null
}

/** What a table of Markdown would take for its own. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')

function section({ type, from, to, epoch, mapping, at, gates, signOff }: TypeEvidence): string {
  const rows = gates.map(
    ({ gate, met, found, remedy = '' }) =>
      `| ${gate} | ${met ? 'met' : '**not met**'} | ${cell(found)} | ${cell(remedy)} |`,
  )
  const signed = signOff
    ? `Signed by ${cell(signOff.by)} at ${signOff.at}, epoch ${signOff.epoch}${signOff.why ? `: ${cell(signOff.why)}` : ''}.`
    : 'Nobody has signed.'
  return [
    `## ${type}: ${from} → ${to}`,
    `Epoch ${epoch}, mapping ${mapping}, as of ${at}.`,
    gates.length === 0
      ? 'This change asks for nothing.'
      : ['| gate | | found | to do |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    signed,
  ].join('\n\n')
}

/** A report for a change ticket, a section a type. */
export const evidenceMarkdown = (found: readonly TypeEvidence[]): string => `${found.map(section).join('\n\n')}\n`
