import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Document, MongoClient } from 'mongodb'
import { expect, inject, test } from 'vitest'
import type { Memory } from './rules.ts'
import { rules } from './rules.ts'
import { broken, reportVariable, takeBroken } from './watch.ts'

const asked = (body: Document): Document => ({ find: 'c', filter: {}, ...body })
const aggregate = (...pipeline: Document[]): Document => ({ aggregate: 'c', pipeline, cursor: {} })
const update = (u: unknown, more: Document = {}): Document => ({ update: 'c', updates: [{ q: {}, u, ...more }] })
const insert = (document: Document, more: Document = {}): Document => ({ insert: 'c', documents: [document], ...more })
const index = (key: Document, more: Document = {}): Document => ({
  createIndexes: 'c',
  indexes: [{ key, name: Object.keys(key).join('_'), ...more }],
})
const windows = (sortBy: Document, output: Document): Document =>
  aggregate({ $setWindowFields: { sortBy, output: { n: output } } })
const inTransaction = (body: Document, more: Document = {}): Document => ({ ...body, autocommit: false, ...more })
const nested = (levels: number): Document => (levels === 1 ? {} : { a: nested(levels - 1) })
const range = (count: number): number[] => Array.from({ length: count }, (_, number) => number)
const running = { $sum: 1, window: { documents: ['unbounded', 'current'] } }

/** For each rule a command that breaks it, and one like it that does not. */
const examples: Readonly<Record<string, readonly [bad: Document, good: Document]>> = {
  '$expr is not allowed in the query predicate for an upsert': [
    update({ $set: { a: 1 } }, { q: { $or: [{ o: 1 }, { $expr: { $lt: ['$until', '$$NOW'] } }] }, upsert: true }),
    update({ $set: { a: 1 } }, { q: { $expr: { $lt: ['$until', '$$NOW'] } } }),
  ],
  '$where, $text, $near and $nearSphere are not allowed in an upsert': [
    update({ $set: { a: 1 } }, { q: { at: { $near: [1, 2] } }, upsert: true }),
    update({ $set: { a: 1 } }, { q: { at: { $near: [1, 2] } } }),
  ],
  '$near, $nearSphere and $where are not allowed in $match': [
    aggregate({ $match: { at: { $near: [1, 2] } } }),
    asked({ filter: { at: { $near: [1, 2] } } }),
  ],
  '$text in $match is only allowed in the first stage': [
    aggregate({ $match: {} }, { $match: { $text: { $search: 'x' } } }),
    aggregate({ $match: { $text: { $search: 'x' } } }),
  ],
  '$text is not allowed in $nor or $elemMatch': [
    asked({ filter: { $nor: [{ $text: { $search: 'x' } }] } }),
    asked({ filter: { $or: [{ $text: { $search: 'x' } }] } }),
  ],
  '$and/$or/$nor must be a nonempty array': [
    asked({ filter: { $and: [{ $or: [] }] } }),
    asked({ filter: { $and: [{ $or: [{}] }], $expr: { $or: [] } } }),
  ],
  'server-side JavaScript may be disabled': [asked({ filter: { $where: 'true' } }), asked({ filter: { a: 'true' } })],
  'a regular expression is at most 32,764 bytes long': [
    asked({ filter: { a: { $regex: 'é'.repeat(16_383) } } }),
    asked({ filter: { a: { $regex: 'e'.repeat(32_764) } } }),
  ],
  '$rank, $denseRank and $documentNumber must be specified with a top level sortBy expression with exactly one element':
    [windows({ a: 1, _id: 1 }, { $documentNumber: {} }), windows({ a: 1, _id: 1 }, running)],
  '$shift, $derivative, $linearFill and their like need a sortBy': [
    windows({}, { $shift: { output: '$a', by: 1 } }),
    windows({ a: 1 }, { $shift: { output: '$a', by: 1 } }),
  ],
  '$derivative, $integral and $linearFill need exactly one sort key': [
    windows({ a: 1, b: 1 }, { $linearFill: '$a' }),
    windows({ a: 1 }, { $linearFill: '$a' }),
  ],
  'range-based windows need a sortBy with exactly one ascending key': [
    windows({ a: -1 }, { $sum: 1, window: { range: [-1, 1] } }),
    windows({ a: 1 }, { $sum: 1, window: { range: [-1, 1] } }),
  ],
  'document-based windows with a bound need a sortBy': [
    windows({}, running),
    windows({}, { $sum: 1, window: { documents: ['unbounded', 'unbounded'] } }),
  ],
  'ranks take no window': [
    windows({ a: 1 }, { $rank: {}, window: { documents: ['unbounded', 'unbounded'] } }),
    windows({ a: 1 }, { $rank: {} }),
  ],
  'a pipeline has at most 1,000 stages': [
    aggregate(...range(1_001).map(() => ({ $skip: 1 }))),
    aggregate(...range(1_000).map(() => ({ $skip: 1 }))),
  ],
  'a stage has exactly one field': [aggregate({ $match: {}, $limit: 1 }), aggregate({ $match: {} }, { $limit: 1 })],
  '$out and $merge are last': [aggregate({ $out: 'd' }, { $limit: 1 }), aggregate({ $limit: 1 }, { $out: 'd' })],
  '$geoNear, $search, $changeStream, $collStats and $indexStats are first': [
    aggregate({ $match: {} }, { $changeStream: {} }),
    aggregate({ $changeStream: {} }, { $match: {} }),
  ],
  'a projection either includes or excludes': [
    asked({ projection: { a: 1, b: 0 } }),
    asked({ projection: { a: 1, _id: 0, n: '$b' } }),
  ],
  'Path collision: a projection names a path and one inside of it': [
    asked({ projection: { a: 1, 'a.b': 1 } }),
    asked({ projection: { a: 1, ab: 1 } }),
  ],
  'a $project is not empty': [aggregate({ $project: {} }), aggregate({ $project: { a: 1 } })],
  'a $limit is positive': [aggregate({ $limit: 0 }), aggregate({ $limit: 1 })],
  'a $sort has one key at least and 32 at most': [aggregate({ $sort: {} }), aggregate({ $sort: { a: 1 } })],
  'names that a stage computes may not begin with $': [
    aggregate({ $set: { 'a.$b': 1 } }),
    aggregate({ $set: { 'a.b': { $add: [1, 2] } } }),
  ],
  'an update pipeline holds $set, $unset, $project, $replaceWith and their aliases alone': [
    update([{ $set: { a: 1 } }, { $sort: { a: 1 } }]),
    update([{ $set: { a: 1 } }, { $unset: 'b' }]),
  ],
  'arrayFilters do not go with a pipeline': [
    update([{ $set: { a: 1 } }], { arrayFilters: [{ e: 1 }] }),
    update({ $set: { 'a.$[e]': 1 } }, { arrayFilters: [{ e: 1 }] }),
  ],
  'Updating a path would create a conflict with one inside of it': [
    update({ $set: { a: 1 }, $unset: { 'a.b': '' } }),
    update({ $set: { a: 1 }, $unset: { ab: '' } }),
  ],
  'Updating a path twice would create a conflict': [
    update({ $push: { a: 1 }, $pull: { a: 2 } }),
    update({ $push: { a: 1 }, $pull: { b: 2 } }),
  ],
  'a path of an update has no step that is empty or begins with $, but $, $[] and $[name]': [
    update({ $set: { 'a.$date': 1 } }),
    update({ $set: { 'a.$[e].b': { $date: 1 } } }),
  ],
  'names of a replacement may not begin with $ at the top': [update({ a: 1, $date: 1 }), update({ a: { $date: 1 } })],
  'Multi-update is not supported for replacement-style update': [
    update({ a: 1 }, { multi: true }),
    update({ $set: { a: 1 } }, { multi: true }),
  ],
  'the _id is not changed': [update({ $set: { _id: 1 } }), update({ $setOnInsert: { _id: 1 } })],
  'findAndModify removes, or updates; with remove there is no new and no upsert': [
    { findAndModify: 'c', query: {}, remove: true, new: true },
    { findAndModify: 'c', query: {}, remove: true, new: false },
  ],
  'an _id is no array and no regular expression, and names in it do not begin with $': [
    insert({ _id: { $oid: 'x' } }),
    insert({ _id: { oid: 'x' }, $date: 1 }),
  ],
  'documents are nested at most 100 deep': [insert(nested(101)), insert(nested(100))],
  'a filter is at most 100 conditions deep': [asked({ filter: nested(181) }), asked({ filter: nested(180) })],
  'a document is at most 16 MiB': [
    insert({ a: Buffer.alloc(16 * 1024 * 1024) }),
    insert({ a: Buffer.alloc(16 * 1024 * 1024 - 100) }),
  ],
  'a statement is at most 16 MiB': [
    update({ $set: { a: Buffer.alloc(16 * 1024 * 1024) } }),
    update({ $set: { a: Buffer.alloc(16 * 1024 * 1024 - 200) } }),
  ],
  'a write batch has at most 100,000 statements': [
    { delete: 'c', deletes: range(100_001).map(() => ({ q: {}, limit: 1 })) },
    { delete: 'c', deletes: range(100_000).map(() => ({ q: {}, limit: 1 })) },
  ],
  'a partial index takes $exists: true, comparisons, $type, $and, $or and $in alone': [
    index({ a: 1 }, { partialFilterExpression: { a: { $exists: false } } }),
    index({ a: 1 }, { partialFilterExpression: { a: { $exists: true } } }),
  ],
  'an index is sparse or partial': [
    index({ a: 1 }, { sparse: true, partialFilterExpression: { a: 1 } }),
    index({ a: 1 }, { sparse: true }),
  ],
  'an index of _id is not sparse, partial or unique by option': [
    index({ _id: 1 }, { sparse: true }),
    index({ _id: 1, a: 1 }, { sparse: true }),
  ],
  'a collection has at most 64 indexes': [
    { createIndexes: 'c', indexes: range(64).map((n) => ({ key: { [`a${n}`]: 1 }, name: `a${n}` })) },
    { createIndexes: 'c', indexes: range(63).map((n) => ({ key: { [`a${n}`]: 1 }, name: `a${n}` })) },
  ],
  'an index has at most 32 keys': [
    index(Object.fromEntries(range(33).map((n) => [`a${n}`, 1]))),
    index(Object.fromEntries(range(32).map((n) => [`a${n}`, 1]))),
  ],
  'text, 2d and geoHaystack indexes have the simple collation': [
    index({ a: 'text' }, { collation: { locale: 'de' } }),
    index({ a: 'text' }, { collation: { locale: 'simple' } }),
  ],
  'hashed and wildcard indexes are not unique': [
    index({ a: 'hashed' }, { unique: true }),
    index({ a: 1 }, { unique: true }),
  ],
  'hint, collation and let are no options of an insert': [insert({}, { hint: 'x' }), insert({}, { comment: 'x' })],
  'hint is an option of distinct from 7.1 on': [
    { distinct: 'c', key: 'a', query: {}, hint: 'x' },
    { count: 'c', query: {}, hint: 'x' },
  ],
  'let is no option of a count, a distinct or createIndexes': [{ count: 'c', query: {}, let: {} }, asked({ let: {} })],
  'constants (c) go with a pipeline alone': [
    update({ $set: { a: 1 } }, { c: { b: 1 } }),
    update([{ $set: { a: '$$b' } }], { c: { b: 1 } }),
  ],
  'maxTimeMS on getMore is for tailable cursors that await data': [
    { getMore: 1n, collection: 'c', maxTimeMS: 5 },
    { getMore: 1n, collection: 'c' },
  ],
  'a read takes no write concern': [asked({ writeConcern: { w: 1 } }), insert({}, { writeConcern: { w: 1 } })],
  'a write takes no read concern outside of a transaction': [
    insert({}, { readConcern: { level: 'majority' } }),
    asked({ readConcern: { level: 'majority' } }),
  ],
  'w: 0 does not go with j: true': [
    insert({}, { writeConcern: { w: 0, j: true } }),
    insert({}, { writeConcern: { w: 'majority', j: true } }),
  ],
  'an explained aggregate takes no read concern but local': [
    { explain: { ...aggregate({ $match: {} }), readConcern: { level: 'majority' } }, verbosity: 'queryPlanner' },
    { explain: { ...aggregate({ $match: {} }), readConcern: { level: 'local' } }, verbosity: 'queryPlanner' },
  ],
  'write concern inside of a transaction is that of its commit': [
    inTransaction(insert({}), { writeConcern: { w: 'majority' } }),
    inTransaction({ commitTransaction: 1 }, { writeConcern: { w: 'majority' } }),
  ],
  'read concern inside of a transaction is that of its first command': [
    inTransaction(asked({}), { readConcern: { level: 'snapshot' } }),
    inTransaction(asked({}), { readConcern: { level: 'snapshot' }, startTransaction: true }),
  ],
  'a transaction takes no DDL on what exists, no count, no explain and nothing administrative': [
    inTransaction({ count: 'c', query: {} }),
    inTransaction(aggregate({ $count: 'n' })),
  ],
  'a transaction takes no $out, $merge, $collStats, $currentOp, $indexStats, $listSessions or $planCacheStats': [
    inTransaction(aggregate({ $merge: 'd' })),
    aggregate({ $merge: 'd' }),
  ],
  'a transaction writes to no system, admin, config or local namespace': [
    inTransaction({ insert: 'system.views', documents: [] }),
    inTransaction({ insert: 'views', documents: [] }),
  ],
  'a command of the stable API, version 1': [{ top: 1 }, { ping: 1 }],
  'a stage of the stable API, version 1': [aggregate({ $indexStats: {} }), aggregate({ $count: 'n' })],
}

const says = (body: Document): string[] => {
  const memory: Memory = { indexes: new Map(), watched: new Set() }
  return broken({ name: Object.keys(body)[0]!, database: 'd', body }, memory)
}

test('every rule has its example, and no example lacks its rule', () => {
  expect(Object.keys(examples).toSorted()).toEqual(rules.map((rule) => rule.says).toSorted())
  expect(rules.length).toBeGreaterThan(55)
})

test.each(Object.entries(examples))('%s', (name, [bad, good]) => {
  expect(says(bad).some((line) => line.includes(`: ${name} (`))).toBe(true)
  expect(says(good)).toEqual([])
})

test.each([
  ['its collection', 'c', 'c'],
  ['the database', 1, '$cmd.aggregate'],
])('a getMore may wait where %s is watched', (_, watched, collection) => {
  const memory: Memory = { indexes: new Map(), watched: new Set() }
  const watch = { ...aggregate({ $changeStream: {} }), aggregate: watched }
  expect(broken({ name: 'aggregate', database: 'd', body: watch }, memory)).toEqual([])
  const more = { getMore: 1n, collection, maxTimeMS: 5 }
  expect(broken({ name: 'getMore', database: 'd', body: more }, memory)).toEqual([])
})

test('a command of this program is looked at, whatever the server says to it and the program catches', async () => {
  const client = new MongoClient(inject('mongoUri'))
  try {
    const claims = client.db('rule_guard').collection('claims')
    await claims.updateOne({ $expr: { $eq: [1, 2] } }, { $set: { a: 1 } }, { upsert: true }).catch(() => undefined)
    await client.db('rule_guard').dropDatabase()
  } finally {
    await client.close()
  }
  expect(takeBroken()).toEqual([
    expect.stringContaining('update: $expr is not allowed in the query predicate for an upsert'),
  ])
})

test('so is one of a program that a test starts', () => {
  const report = join(tmpdir(), `crossfade-rules-of-a-test-${process.pid}`)
  const program = `
    const { MongoClient } = await import('mongodb')
    const client = new MongoClient(process.argv[1])
    await client.db('rule_guard').collection('c').countDocuments({ $where: 'true' }).catch(() => undefined)
    await client.close()`
  const args = ['--input-type=module', '--eval', program, inject('mongoUri')]
  const { status, stderr } = spawnSync(process.execPath, args, {
    env: { ...process.env, [reportVariable]: report },
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(readFileSync(report, 'utf8')).toContain('$where are not allowed in $match')
  rmSync(report)
})
