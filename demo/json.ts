/** A value of MongoDB Extended JSON, before anything has read meaning into `$oid` and `$date`. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** One record the way mongoexport writes it. */
export type Document = { [key: string]: Json }

/** A document from fields of which the undefined ones are missing: null and missing are two kinds of dirt. */
export function document(fields: { [key: string]: Json | undefined }): Document {
  const kept: Document = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value
  return kept
}

/** The ObjectId at a place in a family of ids. The family is the first 16 digits, the place the last 8. */
export function objectId(family: string, place: number): Document {
  return { $oid: family + place.toString(16).padStart(24 - family.length, '0') }
}

/**
 * A date in relaxed Extended JSON: milliseconds only where there are some, and the canonical `$numberLong`
 * before 1970. Source: MongoDB manual, "MongoDB Extended JSON (v2)".
 */
export function date(milliseconds: number): Document {
  if (milliseconds < 0) return { $date: { $numberLong: String(milliseconds) } }
  return { $date: new Date(milliseconds).toISOString().replace('.000Z', 'Z') }
}
