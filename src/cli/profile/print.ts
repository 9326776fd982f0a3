import type { Profile } from '../../jobs/profile.ts'
import type { FieldProfile } from '../../stores/mongo/profile/field-tally.ts'
import type { Finding } from '../../stores/mongo/profile/findings.ts'
import type { SpreadSummary } from '../../util/spread.ts'
import { printTable } from '../output.ts'
import { bytesText, cut, percent, plain, wrapped } from '../plain.ts'
import { relationLines, seenText, toldFindings, unmappedLines } from './told.ts'

const width = 100 // columns
const maxPath = 28
const maxUnmapped = 40 // lines

const total = (findings: readonly Finding[]): number => findings.reduce((sum, { count }) => sum + count, 0)

const line = (text: string, indent = ''): void =>
  void process.stdout.write(`${indent}${cut(plain(text), width - indent.length)}\n`)

/** Whole, with what follows the first line set in. */
const wrappedLines = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => wrapped(plain(text), width - 4).map((each, at) => (at === 0 ? each : `  ${each}`)))

function section(title: string, lines: readonly string[]): void {
  if (lines.length === 0) return
  process.stdout.write(`\n${title}\n`)
  for (const each of lines) line(each, '  ')
}

function printFields({ documents, fields }: Profile): void {
  printTable(
    ['field', 'kind', 'missing', 'null', 'own kind', 'coerced', 'refused', 'otherwise'],
    fields.map(({ path, kind, list, missing, nulls, own, coerced, lost, otherwise }) => [
      cut(path, maxPath),
      list && kind !== 'objects' ? `${kind}[]` : kind,
      percent(missing, documents),
      nulls,
      own,
      total(coerced),
      total(lost),
      total(otherwise),
    ]),
  )
}

const spread = ({ min, p50, p99, max }: SpreadSummary): string => `${min} to ${max}, p50 ${p50}, p99 ${p99}`

function extremesOf({ path, range, lengths, elements, invalidTexts }: FieldProfile): string[] {
  const told = [
    ...(range ? [`${range.min} to ${range.max}`] : []),
    ...(lengths ? [`${spread(lengths)} characters`] : []),
    ...(elements ? [`${spread(elements)} elements`] : []),
    ...(invalidTexts > 0 ? [`${invalidTexts} not UTF-8`] : []),
  ]
  return told.length > 0 ? [`${path}: ${told.join('; ')}`] : []
}

function findingLines(found: Profile): string[] {
  return toldFindings(found).flatMap(({ path, what, finding: { count, type, example, id } }) => [
    `${path}: ${what}`,
    `  ${count} of ${type}, such as ${example ?? 'one that is hidden'} in ${id}`,
  ])
}

function printSuggestions({ type, suggestions }: Profile): void {
  if (suggestions.length === 0) return
  process.stdout.write(`\nFields of the mapping of ${type} that would fit better\n`)
  for (const { within, code, because } of suggestions) {
    for (const each of wrapped(plain(`${within === '' ? '' : `in ${within}: `}${because}`), width - 5))
      line(`// ${each}`, '  ')
    process.stdout.write(`  ${plain(code)}\n`) // whole, so that it can be copied
  }
}

/** A profile for a terminal of 100 columns. */
export function printProfile(found: Profile): void {
  const { type, documents, bytes, ids, fields, unmapped, notes, learned } = found
  process.stdout.write(`${type}: ${documents} documents\n\n`)
  printFields(found)
  section('Looked at', [
    seenText(found),
    ...(bytes
      ? [
          `${bytesText(bytes.total)} in all; a document has p50 ${bytesText(bytes.p50)}, p99 ${bytesText(bytes.p99)}, at most ${bytesText(bytes.max)}`,
          `the largest is ${bytes.largest}`,
        ]
      : []),
    ...(learned ? ['gateways know by it which fields they can ask by what is stored'] : []),
  ])
  section(
    'Ids',
    ids.map(({ count, type: of, id, record }) => `${count} of ${of}, such as ${id}${record ? '' : ': no records'}`),
  )
  section('Values that need a look', findingLines(found))
  section('Extremes', fields.flatMap(extremesOf))
  section('Unique keys and references', wrappedLines(relationLines(found)))
  const lines = unmappedLines(unmapped, documents)
  const left = lines.length - maxUnmapped
  section('Not in the mapping; kept, and not asked for', [
    ...lines.slice(0, maxUnmapped),
    ...(left > 0 ? [`and ${left} paths more: see --json`] : []),
  ])
  section('The collection', wrappedLines(notes))
  printSuggestions(found)
}
