import type { Entity } from '../../entity/entity.ts'
import type { Json } from '../../util/json.ts'
import { parseAs } from '../ledger.ts'
import type { MongoConnection } from './connection.ts'
import { beginSurvey, keepSurvey } from './looks.ts'
import { surveyForm } from './survey.ts'

/** What a copy has read at a time, see `Scanned`. */
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
  const survey = { ...begun, odd: [...new Set([...begun.odd, ...odd])] }
  if (isLast) await keepSurvey(connection, entity, survey)
  return survey
}
