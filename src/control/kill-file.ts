import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withKillLock } from './kill-lock.ts'

/** The kill switch: a file that names the types it holds for, or groups of them, or `all`. It needs no store. */
export const killFileOf = (dataDir: string): string => join(dataDir, 'killed.json')

/** The types that are killed; a file that is there and cannot be read as a list kills all, the safe way to be wrong. */
export function readKilled(file: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? [] : ['all']
  }
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.map(String) : ['all']
  } catch {
    return ['all']
  }
}

/** Whether one of the names that stand for a type is killed. */
export const isKilled = (killed: readonly string[], names: readonly string[]): boolean =>
  killed.includes('all') || names.some((name) => killed.includes(name))

/** Adds a type, or `all`, to the switch, or takes it off; returns what is killed now. Others may do so at the same time. */
export function kill(dataDir: string, type: string, on: boolean): readonly string[] {
  mkdirSync(dataDir, { recursive: true })
  const file = killFileOf(dataDir)
  return withKillLock(`${file}.lock`, (own) => {
    const before = type === 'all' && !on ? [] : readKilled(file).filter((name) => name !== type)
    const killed = on ? [...before, type] : before
    const written = `${file}.${own}.new`
    writeFileSync(written, JSON.stringify(killed))
    renameSync(written, file)
    return killed
  })
}
