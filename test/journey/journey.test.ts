import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { way } from './way.ts'

const mflix = new URL('../../../shared/data/mflix', import.meta.url).pathname

async function journey(...args: string[]) {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', main, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  console.log(text.trim())
  return { code, said: JSON.parse(text) as { ok: boolean; steps: { step: string; ok: boolean; figures: object }[] } }
}

// Real data where it is at hand: it has dirt that nobody made up
const data = existsSync(mflix) ? ['--data', mflix] : []

test(`every type goes the whole way, proved and never forced (${data[1] ?? 'sample data'})`, {
  timeout: 0,
}, async () => {
  const { code, said } = await journey(...data)
  expect(said.steps.filter(({ ok }) => !ok)).toEqual([])
  expect(said.steps.map(({ step }) => step)).toEqual(way.map(([name]) => name))
  const figures = new Map(said.steps.map(({ step, figures }) => [step, figures]))
  expect(figures.get('refused without proof')).toMatchObject({ seeded: 25 })
  expect(figures.get('repair')).toMatchObject({ found: 25, repaired: 25, different: 0 })
  expect(figures.get('retire')).toMatchObject({ left: 0 })
  expect([code, said.ok]).toEqual([0, true])
})

test('a folder that is not there is told at once', async () => {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', main, '--data', '/nowhere'])
  let text = ''
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  expect([code, text]).toEqual([1, 'There is no folder /nowhere.\n'])
})
