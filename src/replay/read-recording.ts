import { CrossfadeError, codeOf } from '../util/errors.ts'
import { jsonIn, type Line, maxLine, readLines } from './read-lines.ts'
import type { RecordedOperation } from './recorded-operation.ts'
import { type Header, type LeftOut, parseHeader, parseLine } from './recording.ts'
import { hasToken } from './token.ts'

/** What a line of a recording holds. */
export type Entry =
  | { readonly is: 'header'; readonly header: Header }
  | {
      readonly is: 'operation'
      /** `monday.jsonl:17`. */
      readonly place: string
      readonly operation: RecordedOperation
      /** A token stands for one of its values, so that it asks for something that is not there. */
      readonly hasToken: boolean
    }
  | { readonly is: 'left out'; readonly counts: Readonly<Partial<Record<LeftOut, number>>> }
  /** A line that cannot be read, in one sentence and without what it holds. */
  | { readonly is: 'problem'; readonly place: string; readonly text: string; readonly isCutOff: boolean }

function entryOf(file: string, { number, text, isWhole }: Line): Entry | null {
  const place = `${file}:${number}`
  const problem = (why: string, isCutOff = false): Entry => ({ is: 'problem', place, text: why, isCutOff })
  if (text === null) return problem(`it is longer than ${maxLine / 1_000_000} MB.`)
  if (text.trim() === '') return null
  const parsed = jsonIn(text)
  if (!parsed) return isWhole ? problem('it is no JSON.') : problem('it is cut off.', true)
  const found = parseLine(parsed.value)
  if (!found) {
    const header = parseHeader(parsed.value)
    return header ? { is: 'header', header } : problem('it has members that it should not have, or lacks some.')
  }
  if ('leftOut' in found) return { is: 'left out', counts: found.leftOut }
  return { is: 'operation', place, operation: found, hasToken: hasToken(text) }
}

/**
 * The entries of a recording. It begins with its header, and may have further ones, where files were put together.
 *
 * @throws MISCONFIGURED where the file cannot be read, or is no recording of the present format.
 */
export async function* readRecording(file: string): AsyncGenerator<Entry, void> {
  let isFirst = true
  try {
    for await (const line of readLines(file, maxLine)) {
      const entry = entryOf(file, line)
      if (isFirst && entry?.is !== 'header')
        throw new CrossfadeError('MISCONFIGURED', `${file}: it does not begin as a recording of this version does.`)
      isFirst = false
      if (entry) yield entry
    }
  } catch (error) {
    const why = { ENOENT: 'there is no such file', EACCES: 'it may not be read', EISDIR: 'it is a folder' }
    const told = why[codeOf(error) as keyof typeof why]
    throw told ? new CrossfadeError('MISCONFIGURED', `${file}: ${told}.`) : error
  }
  if (isFirst) throw new CrossfadeError('MISCONFIGURED', `${file}: it is empty.`)
}
