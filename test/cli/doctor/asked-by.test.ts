import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../../support/command-stores.ts'
import { runCommand } from '../../support/run-command.ts'

const secret = 'a-secret-of-32-characters-at-least'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened?.close())

const doctor = (...more: string[]) =>
  runCommand(
    ['doctor', '--config', 'examples/shop/crossfade.config.ts', '--operations', 'examples/shop/operations', ...more],
    { ...opened.env, SHOP_SECRET: secret },
  )

test('`doctor` asks as whoever its headers say, and says where the app refuses him', async () => {
  const { stderr } = await doctor('--header', 'authorization: Bearer nonsense')
  expect(stderr).toContain(
    "The operations were not explained, since the app's `context` refuses who asks: The token is not ours, or is past its time. Say who by --header.",
  )
  expect((await doctor('--header', 'nonsense')).stderr).toContain("It must be as 'authorization: Bearer …'.")
})
