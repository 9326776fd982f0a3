import { differences } from '../compare/differences.ts'
import { equalJson } from '../compare/equal-json.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Item } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import type { Finding, Outcome } from './outcome.ts'

const whole = { controlVersion: null, candidateVersion: null }

function compareItems(fields: FieldSet, control: Item, candidate: Item): Finding[] {
  const found = differences(fields, control.record, candidate.record)
  const sameVersion = compareVersions(control.version, candidate.version) === 0
  return found.map(
    (difference): Finding => ({
      ...difference,
      kind: sameVersion ? 'divergence' : 'lag',
      id: control.record.id,
      controlVersion: formatVersion(control.version),
      candidateVersion: formatVersion(candidate.version),
    }),
  )
}

function compareLists(
  fields: FieldSet,
  control: readonly Item[],
  candidate: readonly Item[],
  ordered: boolean,
): Finding[] {
  const theirs = new Map(candidate.map((item) => [item.record.id, item]))
  const ours = new Set(control.map((item) => item.record.id))
  const findings: Finding[] = []
  for (const item of control) {
    const other = theirs.get(item.record.id)
    if (other) findings.push(...compareItems(fields, item, other))
    else
      findings.push({
        ...whole,
        kind: 'missing',
        path: '',
        id: item.record.id,
        control: '(record)',
        candidate: null,
        controlVersion: formatVersion(item.version),
      })
  }
  for (const item of candidate) {
    if (ours.has(item.record.id)) continue
    findings.push({
      ...whole,
      kind: 'extra',
      path: '',
      id: item.record.id,
      control: null,
      candidate: '(record)',
      candidateVersion: formatVersion(item.version),
    })
  }
  const sameMembers = ours.size === theirs.size && control.every((item) => theirs.has(item.record.id))
  const sameOrder = control.every((item, index) => candidate[index]?.record.id === item.record.id)
  if (ordered && sameMembers && !sameOrder) {
    const ids = (items: readonly Item[]): string[] => items.slice(0, 100).map((item) => String(item.record.id))
    findings.push({ ...whole, kind: 'order', path: '', id: null, control: ids(control), candidate: ids(candidate) })
  }
  return findings
}

/** Where two outcomes differ; empty where they mean the same. Pure. */
export function classify(control: Outcome, candidate: Outcome): Finding[] {
  if (control.is === 'value' || candidate.is === 'value') {
    const a = control.is === 'value' ? control.value : null
    const b = candidate.is === 'value' ? candidate.value : null
    return equalJson(a, b) ? [] : [{ ...whole, kind: 'divergence', path: '', id: null, control: a, candidate: b }]
  }
  const keys = new Set([...control.lists.keys(), ...candidate.lists.keys()])
  return [...keys].flatMap((key) =>
    compareLists(control.fields, control.lists.get(key) ?? [], candidate.lists.get(key) ?? [], control.ordered),
  )
}

/** True where a finding is decided by itself: equal versions of one record cannot differ by waiting. */
export function isDecided(finding: Finding): boolean {
  return finding.kind === 'divergence' && finding.id !== null
}
