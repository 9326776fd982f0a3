import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** The directory in memory of what gateways of a simulation keep. */
export const disk = '/model-disk'

const real = {
  mkdirSync: fs.mkdirSync,
  readFileSync: fs.readFileSync,
  renameSync: fs.renameSync,
  rmSync: fs.rmSync,
  writeFileSync: fs.writeFileSync,
}

const files = new Map<string, string>()

const isThere = (path: unknown): path is string => typeof path === 'string' && path.startsWith(`${disk}/`)

/** @throws like a real disk. */
function kept(path: string): string {
  const text = files.get(path)
  if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
  return text
}

type Call = (path: string, ...more: unknown[]) => unknown

/** Calls `own` for paths in memory, the real one for all others. */
function either(name: keyof typeof real, own: (path: string, more: string) => unknown): Call {
  const other = real[name] as Call
  return (path, ...more) => (isThere(path) ? own(path, String(more[0])) : other(path, ...more))
}

/** Gives the code under test a disk by the names by which it writes to one: a real one takes a tenth of a history. */
export function installVirtualDisk(): void {
  Object.assign(fs, {
    mkdirSync: either('mkdirSync', () => undefined),
    readFileSync: either('readFileSync', kept),
    renameSync: either('renameSync', (from, to) => {
      files.set(to, kept(from))
      files.delete(from)
    }),
    rmSync: either('rmSync', (directory) => {
      for (const path of files.keys()) if (path.startsWith(`${directory}/`)) files.delete(path)
    }),
    writeFileSync: either('writeFileSync', (path, text) => files.set(path, text)),
  })
  syncBuiltinESMExports()
}
