import { Refused } from '../../../codec/refused.ts'
import { keyValue } from '../../../entity/canonical-value.ts'
import type { Entity, Id, Leaf } from '../../../entity/entity.ts'
import { type Bar, Spread, type SpreadSummary } from '../../../util/spread.ts'
import { isHidden } from '../bookkeeping.ts'
import { decodeId, rawText } from '../codec/decode.ts'
import { bsonType, decodeTyped, promoted } from '../codec/typed.ts'
import type { MongoConnection } from '../connection.ts'
import { beginSurvey, keepSurvey } from '../looks.ts'
import { observe } from '../survey.ts'
import type { Answer, FieldProfile } from './field-tally.ts'
import { type Finding, Findings, type Met } from './findings.ts'
import { type Reading, rawDocuments } from './raw-documents.ts'
import { type ReferenceProfile, ReferenceTally } from './reference-tally.ts'
import { TallyTree } from './tally-tree.ts'
import type { UnmappedField } from './unmapped.ts'

/** How large documents are, in bytes. */
export interface Sizes extends SpreadSummary {
  readonly total: number
  /** The largest one, as Extended JSON text. */
  readonly largest: string
  readonly bars: readonly Bar[]
}

/** What reading documents tells, one by one. */
export interface DocumentsProfile {
  /** Those that readers see. */
  readonly documents: number
  /** The first and the last that were read, as Extended JSON text. */
  readonly first: string | null
  readonly last: string | null
  /** Null of no documents. */
  readonly bytes: Sizes | null
  /** By BSON type; `record`: of the mapping's kind of id, and so part of the API. */
  readonly ids: readonly (Finding & { readonly record: boolean })[]
  readonly fields: readonly FieldProfile[]
  readonly references: readonly ReferenceProfile[]
  readonly unmapped: readonly UnmappedField[]
  /**
   * Whether it was written down for gateways which paths hold values of one kind, see `Looks`: of all documents, as the
   * primary has them. Why not, where the server did not take it.
   */
  readonly learned: boolean | { readonly why: unknown }
}

export interface DocumentsReading extends Reading {
  readonly answer: Answer
  /** The type of that name, whose ids a field holds; undefined where there is none. */
  readonly typeOf: (name: string) => Entity | undefined
  /** Called behind each batch, with how many documents have been read. */
  readonly onProgress?: ((read: number) => void) | undefined
}

const notAnId = 'is not of the id’s kind'

/** Reads documents once, and counts what they hold. Memory is bounded by the mapping, and by a batch. */
export async function profileDocuments(
  hasty: MongoConnection,
  entity: Entity,
  reading: DocumentsReading,
): Promise<DocumentsProfile> {
  const connection = hasty.patient()
  const { sample, readPreference = 'primary', answer, typeOf, onProgress } = reading
  // A secondary may lack what was written before the first document was read
  const survey =
    sample === null && readPreference === 'primary' ? await beginSurvey(hasty, entity).catch(() => null) : null
  const odd = new Set<string>()
  const references: ReferenceTally[] = []
  const listen = (leaf: Leaf) => {
    const target = leaf.references === null ? undefined : typeOf(leaf.references)
    if (!target) return null
    const tally = new ReferenceTally(leaf.path, target)
    references.push(tally)
    return (value: unknown, document: Met): void => tally.add(keyValue(leaf, value) as Id, document)
  }
  const tree = new TallyTree(entity, answer, listen)
  const ids = new Findings(false)
  const bytes = new Spread()
  let [read, documents] = [0, 0]
  let first: string | null = null
  let last: string | null = null
  let largest: string | null = null
  for await (const batch of rawDocuments(connection, entity, reading)) {
    let id: unknown
    for (const each of batch) {
      const document = decodeTyped(each)
      if (survey) observe(entity, document, odd, promoted)
      if (isHidden(document)) continue
      id = document['_id']
      const met = { number: documents++, id }
      first ??= rawText(id)
      if (each.length > bytes.max) largest = rawText(id)
      bytes.add(each.length)
      ids.add(met, bsonType(id), id, decodeId(entity, promoted(id)) instanceof Refused ? notAnId : '')
      tree.add(document, met)
    }
    if (id !== undefined) last = rawText(id)
    read += batch.length
    for (const reference of references) await reference.settle(connection, reading)
    onProgress?.(read)
  }
  const sizes = bytes.summary()
  return {
    documents,
    first,
    last,
    bytes: sizes && { ...sizes, total: bytes.sum, largest: largest!, bars: bytes.bars() },
    ids: ids.all().map(({ rule, ...told }) => ({ ...told, record: rule === '' })),
    fields: tree.fields(),
    references: references.map((reference) => reference.profile()),
    unmapped: tree.unmapped(),
    learned: survey
      ? await keepSurvey(hasty, entity, { ...survey, odd: [...odd] }).catch((why: unknown) => ({ why }))
      : false,
  }
}
