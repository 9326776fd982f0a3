import type { TypeEvidence } from './type-evidence.ts'

/** What a table of Markdown would take for its own. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')

function section({ type, from, to, epoch, mapping, at, gates, signOff }: TypeEvidence): string {
  const rows = gates.map(
    ({ gate, met, found, remedy = '' }) =>
      `| ${gate} | ${met ? 'met' : '**not met**'} | ${cell(found)} | ${cell(remedy)} |`,
  )
  const signed = signOff
    ? `Signed by ${cell(signOff.by)} at ${signOff.at}${signOff.to ? `, to go to ${signOff.to}` : ''}, epoch ${signOff.epoch}${signOff.why ? `: ${cell(signOff.why)}` : ''}.`
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
