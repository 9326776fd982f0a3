import type { Entity } from '../../entity/entity.ts'
import type { Json } from '../../util/json.ts'
import { parseAs } from '../ledger.ts'
import type { MongoConnection } from './connection.ts'
import { beginSurvey, keepSurvey } from './looks.ts'
import { readDocuments } from './read-documents.ts'
import { observe, surveyForm } from './survey.ts'

/** What one scan of a copy has read, see `Scanned`. */
export interface SurveyedBatch {
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly odd?: readonly string[] | undefined
}

/** See `MongoStore.survey`. */
export async function surveyBatch(
  connection: MongoConnection,
  entity: Entity,
  before: Json,
  { isFirst, isLast, odd = [] }: SurveyedBatch,
): Promise<Json> {
  const begun = isFirst ? await beginSurvey(connection, entity) : parseAs(surveyForm, before)
  if (begun === null) return null
  const all = new Set([...begun.odd, ...odd])
  if (isLast) {
    // Scans leave out what is about to go; until it has, it stands in the indexes with the others
    const collection = connection.collection(entity)
    const going = await readDocuments((more) => collection.find({ '_cf.deleted': true }, more))
    for (const document of going) observe(entity, document, all)
  }
  const survey = { ...begun, odd: [...all] }
  if (isLast) await keepSurvey(connection, entity, survey)
  return survey
}
