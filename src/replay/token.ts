import { createHmac } from 'node:crypto'

/** Begins what stands in a recording for a sensitive value. */
export const tokenMark = 'crossfade-token-'

/** Makes the token of a value: the same for equal values. */
export type Token = (value: unknown) => string

/**
 * Tokens of one recording. Whoever lacks the key can neither read one nor find it by hashing what they guess; the key is
 * never written down.
 */
export const tokensOf =
  (key: Buffer): Token =>
  (value) =>
    tokenMark + createHmac('sha256', key).update(JSON.stringify(value)).digest('hex').slice(0, 20)

/** Whether a text has one anywhere. */
export const hasToken = (text: string): boolean => text.includes(tokenMark)
