import type { Image } from '../stores/store.ts'

/** What removes a copy, and nothing that is newer than it. */
export function tombstoneOf(copy: Image): Image {
  const { epoch, counter } = copy.version
  return { ...copy, version: { epoch, counter: counter + 1 }, record: null, rest: null, elementRests: {}, issues: [] }
}
