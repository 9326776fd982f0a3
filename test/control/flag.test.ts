import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { initialFlag, parseFlag } from '../../src/control/flag.ts'
import { newer } from '../../src/control/flag-store.ts'
import { kill, killFileOf, readKilled } from '../../src/control/kill-file.ts'
import { KillSwitch } from '../../src/control/kill-switch.ts'
import type { Json } from '../../src/util/json.ts'

const whole = { ...initialFlag('Movie') } as unknown as { [key: string]: Json }

describe('a flag', () => {
  test('is taken only where it is whole', () => {
    expect(parseFlag(whole)).toEqual(initialFlag('Movie'))
    const flaws: Json[] = [
      null,
      'live',
      [],
      { ...whole, stage: 'onwards' },
      { ...whole, state: 'moving' },
      { ...whole, epoch: 0 },
      { ...whole, epoch: '3' },
      { ...whole, readPercent: 101 },
      { ...whole, target: 'nowhere' },
    ]
    for (const flaw of flaws) expect(parseFlag(flaw)).toBeNull()
  })

  test('of two copies the higher epoch is in force, then the later revision', () => {
    const at = (epoch: number, revision: number) => ({ ...initialFlag('Movie'), epoch, revision })
    expect(newer(at(2, 1), at(1, 9))).toEqual(at(2, 1))
    expect(newer(at(2, 1), at(2, 4))).toEqual(at(2, 4))
    expect(newer(null, at(1, 1))).toEqual(at(1, 1))
    expect(newer(null, null)).toBeNull()
  })
})

describe('the kill switch', () => {
  const dir = mkdtempSync(join(tmpdir(), 'crossfade-kill-'))

  test('is a file: it is set for a type or for all, and lifted again', () => {
    expect(kill(dir, 'Movie', true)).toEqual(['Movie'])
    expect(kill(dir, 'User', true)).toEqual(['Movie', 'User'])
    expect(kill(dir, 'Movie', false)).toEqual(['User'])
    expect(kill(dir, 'all', true)).toEqual(['User', 'all'])
    expect(kill(dir, 'all', false)).toEqual([])
  })

  test('holds for everything where the file cannot be read as a list', () => {
    writeFileSync(killFileOf(dir), '{ broken')
    expect(readKilled(killFileOf(dir))).toEqual(['all'])
  })

  test('is seen while the event loop is busy', async () => {
    kill(dir, 'all', false)
    const killSwitch = new KillSwitch(dir, [
      { name: 'Movie', group: null },
      { name: 'User', group: null },
    ])
    await sleep(500) // the thread is up
    expect(killSwitch.isOn('Movie')).toBe(false)
    kill(dir, 'Movie', true)
    const until = Date.now() + 5_000
    while (!killSwitch.isOn('Movie') && Date.now() < until) {
      // no turn of the event loop: only shared memory can change
    }
    expect(killSwitch.isOn('Movie')).toBe(true)
    expect(killSwitch.isOn('User')).toBe(false)
    await killSwitch.stop()
  })
})
