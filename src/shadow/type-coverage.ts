import { type Flag, keptSince } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import type { Findings } from '../stores/findings.ts'
import {
  type FieldCoverage,
  fieldCoverage,
  isUnproved,
  type ResolverCoverage,
  resultCoverage,
} from './field-coverage.ts'

/** What clients ask for of a type, and what of it was compared, since its mirror was made equal. */
export interface TypeCoverage {
  readonly type: string
  readonly mapping: string
  readonly sinceEpoch: number
  readonly fields: readonly FieldCoverage[]
  readonly results: readonly ResolverCoverage[]
}

/** @param contractFields of the type, see `contractFields` of resolve. */
export async function typeCoverage(
  findings: Pick<Findings, 'coverage'>,
  entity: Entity,
  flag: Flag,
  contractFields: Parameters<typeof fieldCoverage>[0],
): Promise<TypeCoverage> {
  const mapping = mappingDigest(entity)
  const sinceEpoch = keptSince(flag)
  const rows = await findings.coverage(entity.name, mapping, sinceEpoch)
  const fields = fieldCoverage(contractFields, rows)
  return { type: entity.name, mapping, sinceEpoch, fields, results: resultCoverage(rows) }
}

/** Whether all that was asked for was compared. */
export const isProved = ({ fields, results }: TypeCoverage): boolean =>
  ![...fields.flatMap(({ readBy }) => readBy), ...results].some(isUnproved)
