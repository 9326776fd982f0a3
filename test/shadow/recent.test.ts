import { expect, test } from 'vitest'
import type { Open, Suspect } from '../../src/shadow/classify.ts'
import type { Finding } from '../../src/shadow/outcome.ts'
import { Recent } from '../../src/shadow/recent.ts'

const finding = (kind: Finding['kind'], controlVersion: string | null, candidateVersion: string | null): Finding => ({
  kind,
  path: '',
  id: 1,
  control: null,
  candidate: null,
  controlVersion,
  candidateVersion,
})

/** Of record 1, as two lists show it. */
function met(recent: Recent, control: string | null, candidate: string | null, more: Partial<Open> = {}): string {
  const suspects = new Map<number, Suspect>([[1, { control, candidate }]])
  const { decided, open } = recent.decide('Note', { suspects, members: [], whole: new Map(), ...more })
  return `${decided.map(({ kind }) => kind).join()} ${[...open.suspects.keys()].join()}`
}

const isDecided = (kind: string): string => `${kind} `
const isOpen = ' 1'
const isAlike = ' '

test('what was found to differ is a finding where it is met at the same versions', () => {
  const recent = new Recent()
  recent.found('Note', finding('version', '1.2', '1.1'))
  expect(met(recent, '1.2', '1.1')).toBe(isDecided('version'))
  expect(met(recent, '1.3', '1.1')).toBe(isOpen)
  expect(met(recent, '1.2', '1.2')).toBe(isOpen)
  expect(met(recent, '1.2', null)).toBe(isOpen)
})

test('so is what one store lacks', () => {
  const recent = new Recent()
  recent.found('Note', finding('missing', '1.2', null))
  expect(met(recent, '1.2', null)).toBe(isDecided('missing'))
  expect(met(recent, '1.3', null)).toBe(isOpen)
  recent.found('Note', finding('extra', null, '1.2'))
  expect(met(recent, null, '1.2')).toBe(isDecided('extra'))
  expect(met(recent, '1.2', null)).toBe(isOpen)
})

test('what is of a list or another type and what was not looked at is open', () => {
  const recent = new Recent()
  recent.found('Note', finding('missing', '1.2', '1.2')) // both have it, one list has not
  expect(met(recent, '1.2', null)).toBe(isOpen)
  recent.found('Other', finding('missing', '1.2', null))
  expect(met(recent, '1.2', null)).toBe(isOpen)
})

test('a record that is alike needs no look where another one has pushed it over the end of a page', () => {
  const recent = new Recent()
  recent.alike('Note', 1, '1.2')
  const cut = { members: [{ missing: [2], extra: [1], isCut: true }] }
  expect(met(recent, null, '1.2', cut)).toBe(isAlike)
  expect(met(recent, null, '1.3', cut)).toBe(isOpen)
  expect(met(recent, null, '1.2', { members: [{ missing: [], extra: [1], isCut: true }] })).toBe(isOpen)
})
