import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { adminUrl, askServed, runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened?.close())

const nowhere = { MONGODB_URI: 'mongodb://127.0.0.1:9/x', DATABASE_URL: 'postgresql://127.0.0.1:9/x' } as const

test('a kill on one machine reaches gateways of others through whichever store answers', async () => {
  const here = { ...opened.env, CROSSFADE_DATA_DIR: join(opened.env.CROSSFADE_DATA_DIR, 'another-machine') }
  const kill = (...args: string[]) => runCommand(['stage', 'kill', ...args], here)
  const made = await runCommand(['token', 'make', 'eve', '--json'], opened.env)
  const headers = { authorization: `Bearer ${JSON.parse(made.stdout).secret}` }
  const { answer, text } = await askServed([], opened.env, async (_, said) => {
    const url = await adminUrl(said)
    const get = async (path: string) => (await fetch(`${url}${path}`, { headers })).text()
    const is = (metric: string) => expect.poll(() => get('/metrics'), { timeout: 20_000 }).toContain(metric)

    expect(await kill('Movie')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Gateways elsewhere that see mongo or postgres know within two seconds as well'),
    })
    await is('crossfade_killed{type="Movie"} 1')
    expect(await get('/metrics')).toContain('crossfade_killed{type="User"} 0')
    expect(JSON.parse(await get('/kill'))).toEqual({ killed: ['Movie'] })
    const listed = await runCommand(['stage', 'list'], opened.env)
    expect(listed.stderr).toMatch(
      /Killed at all gateways: Movie, by \S+@\S+, \d{4}-\S+Z; `crossfade stage kill Movie --undo`/,
    )

    const row = JSON.parse((await runCommand(['stage', 'list', '--json'], opened.env)).stdout) as {
      type: string
      isKilled: boolean
    }[]
    expect(row.filter(({ isKilled }) => isKilled).map(({ type }) => type)).toEqual(['Movie'])
    expect(listed.stdout).toMatch(/Movie +off +steady, killed /)
    const history = await runCommand(['stage', 'history', 'Movie'], opened.env)
    expect(history.stdout).toMatch(/ Movie {2}\{"by": ?"\S+@\S+", ?"killed": ?true\}|"killed":true/)

    const withoutMongo = { ...here, MONGODB_URI: nowhere.MONGODB_URI }
    const undone = await runCommand(['stage', 'kill', '--undo'], withoutMongo)
    expect(undone.stderr).toMatch(/see postgres know .*mongo could not be told\./s)
    await is('crossfade_killed{type="Movie"} 0')
    expect(JSON.parse(await get('/kill'))).toEqual({ killed: [] })

    const operator = await runCommand(['token', 'make', 'kay', '--role', 'operator', '--json'], opened.env)
    const peers = {
      ...here,
      ...nowhere,
      ADMIN_PEERS: `${url},http://127.0.0.1:10`,
      ADMIN_TOKEN: JSON.parse(operator.stdout).secret,
    }
    const told = await runCommand(['stage', 'kill', 'User', '--json'], peers)
    expect(JSON.parse(told.stdout)).toMatchObject({ killed: ['User'], stores: [], peers: [url] })
    expect(told.stderr).toContain('http://127.0.0.1:10 could not be told: connect ECONNREFUSED')
    await is('crossfade_killed{type="User"} 1')
    expect((await runCommand(['stage', 'list'], here)).stderr).not.toContain('at all gateways')
    await runCommand(['stage', 'kill', '--undo'], { ...peers, ADMIN_TOKEN: headers.authorization.slice(7) })
    expect(await get('/kill')).toContain('User')
    await runCommand(['stage', 'kill', '--undo'], peers)
    await is('crossfade_killed{type="User"} 0')

    await kill('Movie', '--here')
    const last = await runCommand(['stage', 'list'], here)
    expect(last.stderr).not.toContain('at all gateways')
    return 'heard'
  })
  expect(answer, text).toBe('heard')
})

test('with neither store the gateways of the data directory are killed all the same', async () => {
  const said = await runCommand(['stage', 'kill', 'Movie', '--json'], { ...opened.env, ...nowhere })
  expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining('mongo and postgres could not be told.') })
  expect(JSON.parse(said.stdout)).toMatchObject({ killed: ['Movie'], stores: [], peers: [] })
})

test('where the data directory cannot be written the others are told all the same', async () => {
  const file = join(opened.env.CROSSFADE_DATA_DIR, 'a-file')
  writeFileSync(file, '')
  const said = await runCommand(['stage', 'kill', 'Movie', '--json'], { ...opened.env, CROSSFADE_DATA_DIR: file })
  expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('killed.json could not be written') })
  expect(JSON.parse(said.stdout)).toMatchObject({ killed: null, stores: ['mongo', 'postgres'] })
  await runCommand(['stage', 'kill', '--undo'], opened.env)
})
