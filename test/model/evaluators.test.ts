import { type Document, Long } from 'mongodb'
import { expect, test } from 'vitest'
import { piped } from './expressions.ts'
import { evaluatedPipeline, evaluatedTest } from './mongo-server.ts'
import { plainTest } from './plain-filter.ts'

const day = new Date('2026-01-01T00:00:00.000Z')
const documents: readonly Document[] = [
  { _id: 'a', log: ['x', 'y', 7, null], n: 3, tag: 'red', _cf: { epoch: 2, at: 5, pending: day } },
  { _id: 'b', log: null, n: null, tag: null, _cf: { epoch: 3, at: 5, n: 1, deleted: true } },
  { _id: 'c', log: [], n: 2.5, tag: ['red', 'blue'] },
  { _id: 'd', n: 'three', tag: false, _cf: null },
]

const isThere = { $ne: [{ $type: '$log' }, 'missing'] }

const expressions: Readonly<Record<string, unknown>> = {
  $literal: { $literal: { $a: '$n' } },
  $ifNull: { $ifNull: ['$n', '$tag', 'neither'] },
  $cond: { $cond: [isThere, '$_id', null] },
  $switch: { $switch: { branches: [{ case: { $eq: ['$_id', 'b'] }, then: 1 }], default: { at: '$_cf.at' } } },
  $and: { $and: [{ $eq: ['$n', 3] }, '$tag'] },
  $or: { $or: ['$tag', { $isNumber: '$n' }] },
  $in: { $in: [{ $type: '$tag' }, ['string', 'bool']] },
  $eq: { $eq: ['$log', ['x', 'y', 7, null]] },
  $gt: { $gt: [{ $cond: [{ $isNumber: '$n' }, '$n', 0] }, 2] },
  $lte: { $lte: ['$_id', 'b'] },
  $map: {
    $map: { input: { $cond: [{ $isArray: '$log' }, '$log', []] }, as: 'e', in: { $ifNull: ['$$e', '$_id'] } },
  },
  $filter: {
    $filter: {
      input: { $ifNull: ['$log', []] },
      as: 'e',
      cond: { $eq: [{ $indexOfCP: ['$$e', 'x'] }, 0] },
    },
  },
  $concatArrays: { $concatArrays: [{ $ifNull: ['$log', []] }, [Long.fromNumber(8)]] },
  $mergeObjects: { $mergeObjects: ['$_cf', { epoch: 9, at: Long.ONE }] },
  $add: { $add: [{ $ifNull: ['$_cf.at', 1] }, 2, Long.ONE] },
  $trunc: { $trunc: '$n' },
  $toInt: { $toInt: { $ifNull: ['$_cf.n', 4] } },
  $toLong: { $toLong: '$_cf.pending' },
  $dateDiff: { $dateDiff: { startDate: day, endDate: { $add: [day, 12] }, unit: 'millisecond' } },
}

test.each(Object.entries(expressions))('%s gives what the evaluator of all operators gives', (_, expression) => {
  const pipeline = [{ $set: { made: expression, log: '$nothing' } }, { $unset: 'n' }]
  for (const document of documents)
    expect(piped(pipeline, document)).toEqual(evaluatedPipeline(pipeline, [document])[0])
})

const filters: readonly Document[] = [
  { _id: 'a' },
  { tag: 'red', n: 3 },
  { tag: { $in: ['blue', false] } },
  { '_cf.deleted': null, tag: null },
  { '_cf.epoch': { $not: { $gt: 2 } } },
  { '_cf.epoch': { $eq: 3 }, '_cf.n': { $not: { $lte: 0 } } },
  { '_cf.pending': { $type: 'date', $lte: day } },
  { '_cf.pending': { $lt: day } },
  { n: { $gte: 2.5 } },
]

test.each(filters)('%j keeps what the evaluator keeps', (filter) => {
  const isMet = plainTest(filter, false)!
  expect(documents.map(isMet)).toEqual(documents.map(evaluatedTest(filter)))
})
