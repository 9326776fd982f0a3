import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../util/errors.ts'

/** Where the gateways of a data directory record. */
export const recordingsIn = (dataDir: string): string => join(dataDir, 'recordings')

export interface RecordingFile {
  readonly path: string
  readonly bytes: number
  /** When it was last written to. */
  readonly at: Date
}

/** Recordings of a folder, the oldest first; none where there is no folder. */
export async function recordingFiles(folder: string): Promise<RecordingFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const found = names
    .filter((name) => name.endsWith('.jsonl'))
    .map(async (name) => {
      const path = join(folder, name)
      const { size, mtime } = await stat(path)
      return { path, bytes: size, at: mtime }
    })
  const files = await Promise.allSettled(found) // another gateway may take one away meanwhile
  return files
    .flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
}

/** What a folder may hold. */
export interface RecordingBounds {
  readonly bytes: number
  /** Since a file was last written to, in milliseconds. */
  readonly ageMs: number
}

/** Removes the oldest recordings until the rest is within bounds. @returns how many files. */
export async function expireRecordings(folder: string, { bytes, ageMs }: RecordingBounds): Promise<number> {
  const files = await recordingFiles(folder)
  let left = files.reduce((sum, file) => sum + file.bytes, 0)
  let removed = 0
  for (const file of files) {
    if (left <= bytes && Date.now() - file.at.getTime() <= ageMs) break
    await rm(file.path, { force: true })
    left -= file.bytes
    removed++
  }
  return removed
}
