import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { pickPort } from '../../src/embedded/port.ts'
import { collect } from './data-dir.ts'

test('a remembered port that another program took is replaced, and that is said', async () => {
  const { lines, log } = collect()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await pickPort(port, log)).not.toBe(port)
  expect(lines).toEqual([`Port ${port} is taken by another program; choosing another.`])
  server.close()
  await once(server, 'close')
  expect(await pickPort(port, log)).toBe(port)
  expect(lines).toHaveLength(1)
})
