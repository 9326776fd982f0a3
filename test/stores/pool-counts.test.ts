import { expect, inject, test } from 'vitest'
import { connectMongo } from '../../src/stores/mongo/connection.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'

test('connections are counted as they come and go, and calls that wait for one', async () => {
  const uri = new URL(inject('mongoUri'))
  const proxy = await tcpProxy(Number(uri.port))
  Object.assign(uri, { port: String(proxy.port), pathname: '/counts' })
  const connection = connectMongo({ uri: uri.href, poolSize: 2, waitMs: 3_000 })
  const ping = () => connection.db.command({ ping: 1 })
  expect(connection.counts()).toEqual({ taken: 0, idle: 0, waiting: 0 })
  await ping()
  expect(connection.counts()).toEqual({ taken: 0, idle: 1, waiting: 0 })
  await Promise.all([ping(), ping()])
  proxy.hang(true)
  const hung = Promise.allSettled([ping(), ping(), ping()])
  await expect.poll(() => connection.counts(), { timeout: 20_000 }).toEqual({ taken: 2, idle: 0, waiting: 1 })
  await expect.poll(() => connection.counts(), { timeout: 20_000 }).toEqual({ taken: 2, idle: 0, waiting: 0 })
  proxy.hang(false)
  await hung
  await expect.poll(() => connection.counts(), { timeout: 20_000 }).toMatchObject({ taken: 0, waiting: 0 })
  await connection.close()
  expect(connection.counts()).toEqual({ taken: 0, idle: 0, waiting: 0 })
  await proxy.stop()
})
