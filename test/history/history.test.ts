import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { rounds } from '../support/long.ts'

test('no acknowledged write is lost while gateways, stores, moves and the network fail', { timeout: 0 }, async () => {
  const main = new URL('./main.ts', import.meta.url).pathname
  const minutes = String(rounds(0.5, 30))
  // It decides on what faults and moves there are; how they meet is up to the machine
  const args = ['--conditions=@crossfade/source', main, '--minutes', minutes, '--seed', '3']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  const said = JSON.parse(text)
  console.log(text.trim())
  expect(said).toMatchObject({
    lost: 0,
    differing: 0,
    resurrected: 0,
    doubled: 0,
    untrue: 0,
    unfinished: 0,
    conflicts: 0,
  })
  expect(said.acknowledged).toBeGreaterThan(50)
  expect(said.compared).toBeGreaterThan(5)
  expect(code).toBe(0)
})
