import { readFileSync } from 'node:fs'
import { CrossfadeError, messageOf } from '../util/errors.ts'

/**
 * The text of a file.
 *
 * @param remedy what to do where it is not there.
 * @throws MISCONFIGURED with the reason.
 */
export function readText(file: string, remedy = ''): string {
  try {
    // As Windows' git may have written it
    return readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n')
  } catch (error) {
    throw new CrossfadeError('MISCONFIGURED', `${file} cannot be read: ${messageOf(error)}.${remedy}`)
  }
}
