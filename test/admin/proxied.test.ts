import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { proxied } from '../../src/admin/proxied.ts'

const ask = proxied({
  addresses: ['10.0.0.5', '::1'],
  roles: {
    viewer: { groups: ['staff'] },
    qa: { users: ['carol@example.org'], groups: ['qa'] },
    operator: { users: ['ada@example.org'] },
  },
})

const asked = (headers: object, { method = 'GET', from = '10.0.0.5' } = {}) =>
  ask({ method, headers, socket: { remoteAddress: from } } as IncomingMessage)

const bob = { 'x-forwarded-email': 'bob@example.org', 'x-forwarded-groups': 'staff, qa' }

test('who may most of what the proxy says counts', () => {
  expect(asked(bob)).toEqual({ name: 'bob@example.org', role: 'qa' })
  expect(asked({ ...bob, 'x-forwarded-groups': 'staff' })).toEqual({ name: 'bob@example.org', role: 'viewer' })
  expect(asked({ 'x-forwarded-email': 'ada@example.org' })).toEqual({ name: 'ada@example.org', role: 'operator' })
  expect(asked({ ...bob, 'x-forwarded-groups': 'others' })).toBeNull()
  expect(asked({ 'x-forwarded-groups': 'qa' })).toBeNull()
})

test('a person has no role of a group of the same name, nor a group of a person', () => {
  expect(asked({ 'x-forwarded-email': 'carol@example.org' })).toEqual({ name: 'carol@example.org', role: 'qa' })
  for (const name of ['qa', 'staff']) expect(asked({ 'x-forwarded-email': name })).toBeNull()
  expect(asked({ ...bob, 'x-forwarded-groups': 'staff,ada@example.org' })).toEqual({
    name: 'bob@example.org',
    role: 'viewer',
  })
})

test('of other addresses nothing is believed, nor of two names', () => {
  for (const from of ['::ffff:10.0.0.5', '::1']) expect(asked(bob, { from })).not.toBeNull()
  for (const from of ['10.0.0.6', '127.0.0.1', '']) expect(asked(bob, { from })).toBeNull()
  expect(asked({ ...bob, 'x-forwarded-email': 'eve@example.org, bob@example.org' })).toBeNull()
})

test("pages of other sites change nothing by a browser's being signed in", () => {
  const json = { ...bob, 'content-type': 'application/json' }
  const post = (headers: object) => asked(headers, { method: 'POST' })
  expect(post({ ...json, 'sec-fetch-site': 'same-origin' })).not.toBeNull()
  expect(post(json)).not.toBeNull()
  for (const site of ['cross-site', 'same-site']) expect(post({ ...json, 'sec-fetch-site': site })).toBeNull()
  expect(post({ ...bob, 'content-type': 'text/plain' })).toBeNull()
  expect(asked(bob, { method: 'DELETE' })).toBeNull()
})

test('headers of other names are read where the configuration says so', () => {
  const other = proxied({
    addresses: ['::1'],
    user: 'X-Auth-User',
    groups: 'X-Auth-Groups',
    roles: { qa: { groups: ['testers'] } },
  })
  const headers = { 'x-auth-user': 'bob', 'x-auth-groups': 'testers' }
  expect(other({ method: 'GET', headers, socket: { remoteAddress: '::1' } } as never)).toEqual({
    name: 'bob',
    role: 'qa',
  })
})
