import { CrossfadeError, messageOf } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { readText } from './read-text.ts'

/** The reason for which a text is no JSON; null where it is. */
function faultOf(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Where a text stops being JSON. The parser tells a position, the end, or shows what stands there. */
function faultAt(text: string, fault: string): number {
  const position = /at position (\d+)/.exec(fault)?.[1]
  if (position !== undefined) return Number(position)
  const isWrong = (length: number): boolean => faultOf(text.slice(0, length))?.startsWith('Unexpected token') === true
  if (!isWrong(text.length)) return text.length
  let [right, wrong] = [0, text.length]
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2)
    if (isWrong(middle)) wrong = middle
    else right = middle
  }
  return right
}

/** @throws MISCONFIGURED with the line and column where a file is no JSON, and nothing of its text. */
export function readJson(file: string): Json {
  const text = readText(file)
  const fault = faultOf(text)
  if (fault === null) return JSON.parse(text)
  const lines = text.slice(0, faultAt(text, fault)).split('\n')
  const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
  throw new CrossfadeError('MISCONFIGURED', `${file}: it is no JSON from ${place} on.`)
}
