import { expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { typeOf } from '../../src/entity/type-of.ts'
import { contractFields } from '../../src/resolve/contract-fields.ts'
import { fieldCoverage, isUnproved, resultCoverage } from '../../src/shadow/field-coverage.ts'
import type { Coverage } from '../../src/stores/coverage.ts'
import { Patient, schema as patients } from '../gateway/patients.ts'

test('the fields of the contract are those that show what is mapped, with members one by one, and without the id', () => {
  expect(contractFields(patients, Patient)).toEqual(
    ['body', 'chart', 'n', 'ssn', 'surname', 'visits.reason', 'visits.room', 'ward'].map((field) => ({
      field,
      paths: [field],
    })),
  )
})

test('other records that a field shows are covered by their own type', () => {
  const fields = contractFields(config.schema, typeOf(config.entities, 'User')).map(({ field }) => field)
  expect(fields).toEqual(['email', 'name', 'preferences'])
})

const at = (n: number): Date => new Date(1_700_000_000_000 + n)
const row = (
  path: string,
  resolver: string,
  read: number,
  compared: number,
  lastAt: Date | null = at(0),
): Coverage => ({
  path,
  resolver,
  read,
  compared,
  matched: compared,
  repeated: 2,
  flapped: path === 'last' ? 1 : 0,
  lastAt,
})

test('a field that is read by several paths is covered as the least covered of them', () => {
  const fields = [
    { field: 'title', paths: ['title'] },
    { field: 'fullName', paths: ['first', 'last'] },
  ]
  const rows = [
    row('first', 'Query.a', 9, 4, at(2)),
    row('last', 'Query.a', 7, 5, at(1)),
    row('first', 'Query.b', 3, 3),
    row('', 'Query.count', 2, 0, null),
  ]
  expect(fieldCoverage(fields, rows)).toEqual([
    { field: 'title', paths: ['title'], readBy: [] },
    {
      field: 'fullName',
      paths: ['first', 'last'],
      readBy: [{ resolver: 'Query.a', asked: 7, compared: 4, matched: 4, repeated: 2, flapped: 1, lastAt: at(1) }],
    },
  ])
  const [result] = resultCoverage(rows)
  expect(result).toEqual({
    resolver: 'Query.count',
    asked: 2,
    compared: 0,
    matched: 0,
    repeated: 2,
    flapped: 0,
    lastAt: null,
  })
  expect(isUnproved(result!)).toBe(true)
})
