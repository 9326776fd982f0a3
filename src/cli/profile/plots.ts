import type { FieldProfile } from '../../stores/mongo/profile/field-tally.ts'
import type { Finding } from '../../stores/mongo/profile/findings.ts'
import type { Bar } from '../../util/spread.ts'
import { bytesText, grouped, percent } from '../plain.ts'
import { html, type Markup } from './markup.ts'

const sum = (findings: readonly Finding[]): number => findings.reduce((all, { count }) => all + count, 0)

/** What the documents hold in a field: the parts of a bar, which are drawn in this order, by their class. */
export const parts = [
  ['own', 'the field’s own kind'],
  ['coerced', 'another kind, with a meaning'],
  ['refused', 'refused: null, with a data issue'],
  ['null', 'null'],
  ['missing', 'missing'],
] as const

/** Of a list a document counts once for each sort of element in it, so that the parts may be more than the whole. */
function countsOf({ own, coerced, lost, nulls, missing }: FieldProfile): readonly number[] {
  const lostMissing = lost.filter(({ type }) => type === 'missing').reduce((all, { count }) => all + count, 0)
  const absent = missing - lostMissing
  return [own, sum(coerced), sum(lost) - lostMissing, Math.max(0, nulls - absent), missing]
}

const width = 200

/** One bar a field, as wide as all documents. */
export function fieldBar(field: FieldProfile, documents: number): Markup {
  const counts = countsOf(field)
  const whole = Math.max(
    documents,
    counts.reduce((all, count) => all + count, 0),
    1,
  )
  let x = 0
  const drawn = counts.flatMap((count, at) => {
    if (count === 0) return []
    // What is rare is seen all the same
    const wide = Math.max((count / whole) * width, 2)
    const [name, what] = parts[at]!
    const title = `${what}: ${grouped(count)} (${percent(count, documents)})`
    const part = html`<rect class="${name}" x="${x.toFixed(1)}" y="0" width="${wide.toFixed(1)}" height="14"><title>${title}</title></rect>`
    x += wide
    return [part]
  })
  return html`<svg viewBox="0 0 ${Math.max(x, width).toFixed(1)} 14" preserveAspectRatio="none" width="${width}" height="14" role="img">${drawn}</svg>`
}

const plot = { width: 720, height: 180, left: 8, bottom: 34, top: 18 }

/** Documents by size, in powers of two. */
export function sizePlot(bars: readonly Bar[]): Markup {
  const { left, bottom, top } = plot
  const most = Math.max(...bars.map(({ count }) => count), 1)
  const each = Math.min(120, (plot.width - left * 2) / Math.max(1, bars.length))
  const height = plot.height - bottom - top
  const columns = bars.map(({ from, to, count }, at) => {
    const tall = count === 0 ? 0 : Math.max(2, (count / most) * height)
    const [x, y] = [left + at * each, plot.height - bottom - tall]
    const middle = (x + each / 2).toFixed(1)
    const label = count === 0 ? '' : grouped(count)
    return html`<g><rect class="own" x="${(x + 3).toFixed(1)}" y="${y.toFixed(1)}" width="${(each - 6).toFixed(1)}" height="${tall.toFixed(1)}"><title>${`${bytesText(from)} to ${bytesText(to)}: ${grouped(count)} documents`}</title></rect>
<text x="${middle}" y="${(y - 5).toFixed(1)}" text-anchor="middle">${label}</text>
<text class="quiet" x="${middle}" y="${plot.height - bottom + 18}" text-anchor="middle">${`< ${bytesText(to)}`}</text></g>`
  })
  const base = plot.height - bottom
  return html`<svg viewBox="0 0 ${plot.width} ${plot.height}" class="plot" role="img" aria-label="Documents by size">${columns}<line x1="0" x2="${plot.width}" y1="${base}" y2="${base}"/></svg>`
}
