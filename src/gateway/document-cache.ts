import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Limits } from './limits.ts'

/** Bytes of heap that one token of a parsed document takes with its nodes and what is worked out of them; measured. */
const bytesPerToken = 500
/** Of an entry of either cache, beside its text. */
const overhead = 1_000

const textBytes = (text: string): number => overhead + 2 * text.length

/**
 * Yoga's cache of parsed documents, on which the one of validation results hangs, and that of syntax errors: bounded by
 * bytes, since clients choose the size of what is kept. A document that would fill a twentieth of it is parsed each time.
 */
export function documentCache({ documentCacheBytes: maxSize }: Limits) {
  const options = { maxSize, maxEntrySize: Math.ceil(maxSize / 20) }
  return {
    documentCache: new LRUCache<string, DocumentNode>({
      ...options,
      // A document whose tokens were not counted is taken to be dense
      sizeCalculation: ({ tokenCount }, text) => textBytes(text) + bytesPerToken * (tokenCount ?? text.length),
    }),
    errorCache: new LRUCache<string, Error>({
      maxSize: Math.ceil(maxSize / 10),
      maxEntrySize: Math.ceil(maxSize / 100),
      sizeCalculation: (_, text) => 2 * textBytes(text), // once in the key, once in the error's source
    }),
  }
}
