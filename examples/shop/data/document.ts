import type { Json } from 'crossfade'

/** A document in Extended JSON, as mongoexport writes it. */
export type Document = { [key: string]: Json }

/** Without the fields that are undefined: null and missing are two things. */
export const document = (fields: { [key: string]: Json | undefined }): Document =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined))

const start = Date.UTC(2024, 0, 1, 8)
const day = 86_400_000

/** A moment so many days behind the beginning of 2024. */
export const date = (days: number): Json => ({ $date: new Date(start + Math.round(days * day)).toISOString() })

/** An amount in cents, as Decimal128. */
export const decimal = (cents: number): Json => ({ $numberDecimal: (cents / 100).toFixed(2) })

export const objectId = (n: number): Json => ({ $oid: n.toString(16).padStart(24, '0') })

/** A UUID as text: what tokens, clients and PostgreSQL have of it. */
export const uuidOf = (n: number): string => `5e0a7c1e-0000-4000-8000-${n.toString(16).padStart(12, '0')}`

/** The same as binary of subtype 4. */
export const uuid = (n: number): Json => ({
  $binary: { base64: Buffer.from(uuidOf(n).replaceAll('-', ''), 'hex').toString('base64'), subType: '04' },
})
