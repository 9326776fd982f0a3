import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { messageOf } from '../util/errors.ts'
import { type MongoChoice, mongod } from './mongo-choice.ts'

/** The first line of `--version`. @throws Error where the program is no mongod, or can't run here. */
export function checkMongod(command: string): string {
  let text: string
  try {
    text = execFileSync(command, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    throw new Error(`${command} --version fails: ${messageOf(error).trim().split('\n').at(-1)}`, { cause: error })
  }
  if (!text.startsWith('db version')) throw new Error(`${command} is not a mongod`)
  return text.split('\n')[0]!
}

/** The mongod that `MONGOMS_SYSTEM_BINARY` names, else the first on PATH. @throws Error where there is none. */
export async function mongodOnPath(): Promise<MongoChoice> {
  const named = process.env['MONGOMS_SYSTEM_BINARY']
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => place !== '')
  const command = named || places.map((place) => join(place, 'mongod')).find((file) => existsSync(file))
  if (!command) throw new Error('there is none on PATH, and MONGOMS_SYSTEM_BINARY is not set')
  checkMongod(command)
  return mongod(command)
}
