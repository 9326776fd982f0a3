import type { Cleared, Image } from '../stores/store.ts'

/** What a put of the image has confirmed. */
export const clearedOf = ({ id, version, record }: Image): Cleared => ({ id, version, deleted: record === null })
