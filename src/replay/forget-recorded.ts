import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Id } from '../entity/entity.ts'
import { readLines } from './read-lines.ts'
import { recordingFiles } from './recordings.ts'

/** What may be a cursor: those of ours hold ids and other values in base64url. */
const maybeCursor = /[\w-]{12,}/g

/** Whether a line names an id: as a word by itself, or in a cursor. Of a number it may mean something else. */
export function namesId(line: string, id: Id): boolean {
  const text = String(id).replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
  const word = new RegExp(`(?<![\\w-])${text}(?![\\w-])`, 'i')
  if (word.test(line)) return true
  return [...line.matchAll(maybeCursor)].some(([each]) => word.test(Buffer.from(each, 'base64url').toString()))
}

/** Bytes of a line; what is longer cannot be looked at, and goes. */
const maxLine = 4_000_000

/** Only what a gateway may write to the file meanwhile is lost, which is a sample. */
async function rewrite(path: string, isKept: (line: string | null) => boolean): Promise<void> {
  const file = createWriteStream(`${path}.new`, { mode: 0o600 })
  try {
    for await (const { text } of readLines(path, maxLine))
      if (isKept(text) && !file.write(`${text}\n`)) await once(file, 'drain')
    file.end()
    await once(file, 'close')
    await rename(`${path}.new`, path)
  } finally {
    file.destroy()
    await rm(`${path}.new`, { force: true })
  }
}

/** Counts the lines of a folder's recordings that name an id, and with `removes` removes them. */
export async function forgetRecorded(folder: string, id: Id, removes: boolean): Promise<number> {
  let count = 0
  for (const { path } of await recordingFiles(folder)) {
    let found = 0
    const names = (line: string | null): boolean => line === null || namesId(line, id)
    for await (const { text } of readLines(path, maxLine)) if (names(text)) found++
    if (removes && found > 0) await rewrite(path, (line) => !names(line))
    count += found
  }
  return count
}
