import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { type IntValueNode, parse, type StringValueNode, visit } from 'graphql'
import type { Id } from '../entity/entity.ts'
import { jsonIn, maxLine, readLines } from './read-lines.ts'
import { parseHeader, parseLine } from './recording.ts'
import { recordingFiles } from './recordings.ts'

/** What may be a cursor: those of ours hold ids and other values in base64url. */
const maybeCursor = /^[\w-]{12,}$/

/** Ids that are long enough to mean nothing else where they stand inside of a text. */
const leastInside = 8

/** Whether a text is the id, holds it as a word, or is a cursor that does. A short one may mean something else inside. */
function names(text: string, id: string): boolean {
  if (text.toLowerCase() === id) return true
  if (maybeCursor.test(text)) {
    const decoded = Buffer.from(text, 'base64url').toString()
    const parsed = jsonIn(decoded)
    if (parsed ? holds(parsed.value, id) : decoded !== text && isInside(decoded, id)) return true
  }
  return isInside(text, id)
}

function isInside(text: string, id: string): boolean {
  if (id.length < leastInside) return false
  const at = text.toLowerCase().indexOf(id)
  const isWord = (character: string | undefined): boolean => /[\w-]/.test(character ?? '')
  return at >= 0 && !isWord(text[at - 1]) && !isWord(text[at + id.length])
}

/** Whether any value in it names the id; names of members are of the contract, or of the client. */
function holds(value: unknown, id: string): boolean {
  if (typeof value === 'string') return names(value, id)
  if (typeof value === 'number') return String(value) === id
  return typeof value === 'object' && value !== null && Object.values(value).some((each) => holds(each, id))
}

/** Literals of a document. One that cannot be read is looked through as it stands. */
function isInDocument(query: string, id: string): boolean {
  let found = false
  const look = ({ value }: StringValueNode | IntValueNode): void => {
    found ||= names(value, id)
  }
  try {
    visit(parse(query, { maxTokens: 100_000 }), { StringValue: look, IntValue: look })
  } catch {
    return query.toLowerCase().includes(id)
  }
  return found
}

/**
 * Whether an operation of a recording names an id: in its variables or its literals, as a value, or in a cursor. Lines of
 * another kind name no record; one that is cut off, or of an unknown form, is looked through as it stands.
 */
export function namesId(line: string, given: Id): boolean {
  const id = String(given).toLowerCase()
  const parsed = jsonIn(line)
  if (parsed && parseHeader(parsed.value)) return false
  const recorded = parsed && parseLine(parsed.value)
  if (!recorded)
    return id !== '' && [id, JSON.stringify(id).slice(1, -1)].some((each) => line.toLowerCase().includes(each))
  if (!('query' in recorded)) return false
  return holds(recorded.variables, id) || isInDocument(recorded.query, id)
}

/** A line that is too long to be looked at goes. Only what a gateway may write to the file meanwhile is lost, which is a sample. */
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
    const isOfIt = (line: string | null): boolean => line === null || namesId(line, id)
    for await (const { text } of readLines(path, maxLine)) if (isOfIt(text)) found++
    if (removes && found > 0) await rewrite(path, (line) => !isOfIt(line))
    count += found
  }
  return count
}
