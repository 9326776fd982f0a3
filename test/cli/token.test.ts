import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { adminUrl, askServed, runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened?.close())

const token = (...args: string[]) => runCommand(['token', ...args], opened.env)

test('a token works at a gateway that runs until it is revoked', async () => {
  const made = await token('make', 'prometheus', '--days', '30')
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^crossfade_[\w-]{43}\n$/) })
  expect(made.stderr).toContain('It is not shown again. prometheus is a viewer for 30 days.')
  const headers = { authorization: `Bearer ${made.stdout.trim()}` }
  const onCall = await token('make', 'on-call', '--role', 'operator', '--json')
  const { answer, text } = await askServed([], opened.env, async (_, said) => {
    const url = await adminUrl(said)
    const status = async () => (await fetch(`${url}/metrics`, { headers })).status
    const before = await status()
    const kill = async (query: string, method: string) => {
      const authorization = `Bearer ${JSON.parse(onCall.stdout).secret}`
      return (await fetch(`${url}/kill${query}`, { method, headers: { authorization } })).json()
    }
    const killed = async () => (await fetch(`${url}/metrics`, { headers })).text()
    expect(await kill('?type=Nope', 'POST')).toMatchObject({ error: expect.stringContaining('Nope') })
    expect(await kill('?type=Movie', 'POST')).toEqual({ killed: ['Movie'], untold: [] })
    await expect.poll(killed, { timeout: 20_000 }).toContain('crossfade_killed{type="Movie"} 1')
    expect(await kill('', 'DELETE')).toEqual({ killed: [], untold: [] })
    await expect.poll(killed, { timeout: 20_000 }).toContain('crossfade_killed{type="Movie"} 0')
    expect(await token('revoke', 'prometheus')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is revoked'),
    })
    await expect.poll(status, { timeout: 20_000 }).toBe(401)
    return before
  })
  expect(answer, text).toBe(200)
  expect(text).toContain('on-call has killed Movie, by the admin port.')
  const listed = await token('list')
  expect(listed.stdout).toMatch(/^prometheus +viewer +\S+ +\S+ +revoked /m)
})

test('what is no token is refused in one line', async () => {
  expect(await token('make', 'a b')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('A name has 64 letters'),
  })
  expect(await token('revoke', 'nobody')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no token nobody. See `crossfade token list`.'),
  })
  expect(await token('make', 'x', '--role', 'root')).toMatchObject({ code: 1 })
  expect(await token('make', 'x', '--days', '0')).toMatchObject({ code: 1 })
})
