import { expect, test } from 'vitest'
import { coveringRule, isOfField, type Rule } from '../../src/compare/rules.ts'

const rule = (change: Partial<Rule>): Rule => ({
  type: 'Note',
  kind: 'divergence',
  path: 'price',
  resolver: null,
  verdict: 'accepted',
  ...change,
})

const place = { type: 'Note', kind: 'divergence', path: 'price', resolver: 'Query.notes' } as const

test('a rule covers the difference of its type, kind and path, wherever it is read, and no other', () => {
  const rules = [rule({})]
  expect(coveringRule(rules, place)).toBe(rules[0])
  expect(coveringRule(rules, { ...place, resolver: 'Query.note' })).toBe(rules[0])
  expect(coveringRule(rules, { ...place, resolver: null })).toBe(rules[0])
  for (const other of [{ type: 'Book' }, { kind: 'version' }, { path: 'price.net' }, { path: '' }] as const)
    expect(coveringRule(rules, { ...place, ...other })).toBeNull()
})

test('a rule of one resolver covers neither what another reads nor whole records, and comes before one of all', () => {
  const here = rule({ resolver: 'Query.notes', verdict: 'noise' })
  expect(coveringRule([here], { ...place, resolver: 'Query.note' })).toBeNull()
  expect(coveringRule([here], { ...place, resolver: null })).toBeNull()
  expect(coveringRule([rule({}), here], place)).toBe(here)
})

test('a value of a field is the same for all who read it; a missing record, an order and an error are not', () => {
  expect(isOfField({ kind: 'divergence', path: 'price' })).toBe(true)
  expect(isOfField({ kind: 'divergence', path: '' })).toBe(false)
  for (const kind of ['missing', 'extra', 'version', 'order', 'error'] as const)
    expect(isOfField({ kind, path: 'price' })).toBe(false)
})
