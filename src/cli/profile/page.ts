import type { Profile } from '../../jobs/profile.ts'
import type { FieldProfile } from '../../stores/mongo/profile/field-tally.ts'
import type { Finding } from '../../stores/mongo/profile/findings.ts'
import { bytesText, grouped, plain } from '../plain.ts'
import { html, Markup } from './markup.ts'
import { pageStyle } from './page-style.ts'
import { fieldBar, parts, sizePlot } from './plots.ts'
import { relationLines, seenText, toldFindings, unmappedLines } from './told.ts'

const nothing = new Markup('')
const sum = (findings: readonly Finding[]): number => findings.reduce((all, { count }) => all + count, 0)

const tile = (what: string, value: string, isBad = false): Markup =>
  html`<div class="tile${isBad ? ' bad' : ''}"><span class="quiet">${what}</span><b>${value}</b></div>`

function tiles({ documents, bytes, ids, fields, unique }: Profile): Markup {
  const strays = sum(ids.filter(({ record }) => !record))
  const [otherwise, refused] = [
    sum(fields.flatMap((field) => field.otherwise)),
    sum(fields.flatMap((field) => field.lost)),
  ]
  const duplicates = unique.reduce((all, { found }) => all + (found?.documents ?? 0), 0)
  const size = bytes ? [tile('size, p50', bytesText(bytes.p50)), tile('size, p99', bytesText(bytes.p99))] : []
  return html`<div class="tiles">${[
    tile('documents', grouped(documents)),
    ...size,
    tile('otherwise', grouped(otherwise), otherwise > 0),
    tile('refused', grouped(refused), refused > 0),
    tile('duplicates', grouped(duplicates), duplicates > 0),
    tile('no record', grouped(strays), strays > 0),
  ]}</div>`
}

const number = (count: number, isBad = false): Markup =>
  html`<td class="number${isBad && count > 0 ? ' bad' : ''}">${count === 0 ? '·' : grouped(count)}</td>`

function extremes({ range, lengths, elements }: FieldProfile): string {
  const told = [
    ...(range ? [range.min === range.max ? range.min : `${range.min} to ${range.max}`] : []),
    ...(lengths ? [`${lengths.min} to ${lengths.max} characters`] : []),
    ...(elements ? [`${elements.min} to ${elements.max} elements`] : []),
  ]
  return told.join('; ')
}

function fieldRow(field: FieldProfile, documents: number): Markup {
  const { path, kind, list, own, coerced, lost, otherwise } = field
  const shown = list && kind !== 'objects' ? `${kind}[]` : kind
  return html`<tr><td class="path">${plain(path)}</td><td>${shown}</td><td>${fieldBar(field, documents)}</td>${[
    number(own),
    number(sum(coerced)),
    number(sum(lost), true),
    number(sum(otherwise), true),
  ]}<td class="quiet">${plain(extremes(field))}</td></tr>
`
}

const legend = html`<ul class="legend">${parts.map(
  ([name, what]) => html`<li><svg viewBox="0 0 12 12"><rect class="${name}" width="12" height="12"/></svg>${what}</li>`,
)}</ul>`

const section = (title: string, body: Markup | null): Markup => (body ? html`<h2>${title}</h2>${body}` : nothing)

const list = (lines: readonly string[]): Markup | null =>
  lines.length > 0 ? html`<ul class="lines">${lines.map((line) => html`<li>${plain(line)}</li>`)}</ul>` : null

function findings(found: Profile): Markup | null {
  const told = toldFindings(found)
  if (told.length === 0) return null
  const rows = told.map(
    ({ path, what, finding: { type, count, example, id } }) =>
      html`<tr><td class="path">${plain(path)}</td><td>${what}</td><td class="number">${grouped(count)}</td><td>${type}</td><td class="example">${plain(example ?? '(hidden)')}</td><td class="example quiet">${plain(id)}</td></tr>
`,
  )
  return html`<div class="wide"><table><tr><th>field</th><th>what becomes of it</th><th class="number">documents</th><th>type</th><th>such as</th><th>in</th></tr>${rows}</table></div>`
}

function code({ suggestions }: Profile): Markup | null {
  if (suggestions.length === 0) return null
  const lines = suggestions.map(
    ({ within, code: line, because }) => `// ${within === '' ? '' : `in ${within}: `}${plain(because)}\n${plain(line)}`,
  )
  return html`<pre>${lines.join('\n')}</pre>`
}

/** A profile as one page that needs nothing else: no scripts, and nothing from elsewhere. */
export function profilePage(found: Profile): string {
  const { type, collection, documents, seen, bytes, fields, unmapped, notes } = found
  const head = html`<tr><th>field</th><th>kind</th><th>documents</th><th class="number">own</th><th class="number">coerced</th><th class="number">refused</th><th class="number">otherwise</th><th>extremes</th></tr>`
  const sizes = bytes
    ? html`<p class="quiet">${bytesText(bytes.total)} in all; the largest has ${bytesText(bytes.max)}: ${plain(bytes.largest)}</p>${sizePlot(bytes.bars)}`
    : null
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${`Profile of ${type}`}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<h1>${type}</h1>
<p class="quiet">${plain(`collection ${collection}: ${seenText(found)}`)}</p>
<p class="quiet">${`${seen.began} to ${seen.ended}`}</p>
${tiles(found)}
<h2>Fields</h2>
${legend}
<div class="wide"><table>${head}${fields.map((field) => fieldRow(field, documents))}</table></div>
${section('Values that need a look', findings(found))}
${section('Sizes', sizes)}
${section('Unique keys and references', list(relationLines(found)))}
${section('Not in the mapping', list(unmappedLines(unmapped, documents)))}
${section('The collection', list(notes))}
${section('Fields that would fit better', code(found))}
</body>
</html>
`
  return page.text
}
