import type { Flag } from '../../control/flag.ts'
import { authorityOf, noFlag } from '../../control/flag-store.ts'
import type { Entity } from '../../entity/entity.ts'
import { flagKeyOf } from '../../entity/flag-key.ts'
import { evidenceMarkdown } from '../../evidence/report.ts'
import { nextStage, type TypeEvidence, typeEvidence } from '../../evidence/type-evidence.ts'
import { deadLettersAmong, openConflicts } from '../../mirror/owed-of.ts'
import { contractFields } from '../../resolve/contract-fields.ts'
import { comparedByHour } from '../../shadow/compared-by-hour.ts'
import { isProved, typeCoverage } from '../../shadow/type-coverage.ts'
import { STAGE_PLAN, type Stage } from '../../stage/stage.ts'
import { keptHours } from '../../stores/findings.ts'
import { otherOrigin } from '../../util/origin.ts'
import { asksGates } from '../asks-gates.ts'
import { atMost } from './said.ts'
import type { ApiContext, Served } from './served.ts'

/** A type of the mapping, as fields find it. */
export interface MovingType {
  readonly name: string
  readonly entity: Entity
}

/** @throws MISCONFIGURED where no store that answers knows one. */
export async function flagOf({ name }: MovingType, { known }: ApiContext): Promise<Flag> {
  const flag = (await known.flags()).byType.get(name)
  if (!flag) throw noFlag(name)
  return flag
}

/** Looks at what is proved of a type, for its next stage or another. */
export function evidenceFor({ app, stores }: Served) {
  const ask = asksGates(app, stores)
  return async (type: MovingType, to: Stage | null | undefined, context: ApiContext): Promise<TypeEvidence> => {
    const flag = await flagOf(type, context)
    const stage = to ?? nextStage(flag.stage)
    return typeEvidence(stores.postgres.ledger, type.entity, flag, stage, await ask(type.entity, flag, stage))
  }
}

export const evidenceFields = { report: (evidence: TypeEvidence) => evidenceMarkdown([evidence]) }

/** The fields of a type, each worked out where it is selected. */
export function movingTypeFields(served: Served) {
  const { app, stores, killed } = served
  const evidence = evidenceFor(served)
  return {
    async flag({ name }: MovingType, _: unknown, { known }: ApiContext) {
      const { byType, lost } = await known.flags()
      const flag = byType.get(name)
      if (!flag) return null
      const { authority, reads, candidate } = STAGE_PLAN[flag.stage]
      const desired = flag.desired?.stage ?? null
      return { ...flag, key: flag.type, authority, reads, candidate, desired, isLost: lost.includes(flag) }
    },

    killedAs: ({ entity }: MovingType) => {
      const names = ['all', flagKeyOf(entity), entity.name]
      return [...new Set(killed.list().filter((each) => names.includes(each)))]
    },

    latency: async ({ name }: MovingType, _: unknown, { known }: ApiContext) =>
      (await known.latencies()).find(({ type }) => type === name) ?? null,

    verdicts: async ({ name }: MovingType, _: unknown, { known }: ApiContext) =>
      (await known.verdicts()).filter(({ type }) => type === name),

    recent: async ({ name }: MovingType, { hours }: { readonly hours: number }, { known }: ApiContext) =>
      comparedByHour(await known.recentVerdicts(atMost('hours', hours, keptHours)), name, hours),

    /** What is dear is worked out where it is selected: a console asks every few seconds. */
    async owed(type: MovingType, _: unknown, context: ApiContext) {
      const { known } = context
      const from = authorityOf(await flagOf(type, context))
      const backlog = (await known.backlogs(from)).get(type.name)
      return {
        owed: backlog?.count ?? 0,
        oldest: backlog?.oldest ?? null,
        deadLetters: async () => deadLettersAmong(await known.deadLetters(from), type.entity),
        conflicts: async () =>
          openConflicts(
            type.entity,
            await known.conflicts(from),
            await known.conflicts(otherOrigin(from)).catch(() => null), // it may be down
          ),
      }
    },

    async coverage(type: MovingType, _: unknown, context: ApiContext) {
      const fields = contractFields(app.schema, type.entity)
      const found = await typeCoverage(stores.postgres.findings, type.entity, await flagOf(type, context), fields)
      return { ...found, isProved: isProved(found) }
    },

    evidence: (type: MovingType, { to }: { readonly to?: Stage | null }, context: ApiContext) =>
      context.known.evidence(`${type.name} ${to ?? ''}`, () => evidence(type, to, context)),
  }
}
