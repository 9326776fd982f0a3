import { GraphQLError } from 'graphql'
import { mayDo, type Role } from '../../control/role.ts'
import { typeOf } from '../../entity/type-of.ts'
import { acceptIssues } from '../../evidence/accepted-issues.ts'
import { signOff } from '../../evidence/sign-off.ts'
import { controlCopy } from '../../jobs/copy-control.ts'
import { recheckGroup } from '../../jobs/recheck-group.ts'
import type { Stage } from '../../stage/stage.ts'
import { type GroupVerdict, type Judgement, longestRuleMs } from '../../stores/triage.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { letterChanges } from './letters.ts'
import { evidenceFor } from './moving-type.ts'
import { repairs } from './repairs.ts'
import type { replays } from './replays.ts'
import { atMost, said } from './said.ts'
import type { ApiContext, Served } from './served.ts'
import type { Change, stageChanges } from './set-stage.ts'
import type { verifications } from './verifications.ts'

/** Documents a second. */
const fastest = 1_000_000_000
const dayMs = 86_400_000

interface Judged {
  readonly group: string
  readonly verdict: GroupVerdict
  readonly why: string
  readonly until?: Date | null
  readonly hereOnly?: boolean | null
}

interface Accepted extends OfGroup, OfType {
  readonly why: string
  readonly until?: Date | null
}

/** @throws BAD_USER_INPUT for the end of a rule that is over, or too far away. */
function ahead(until: Date): Date {
  const aheadMs = until.getTime() - Date.now()
  if (aheadMs > 0 && aheadMs <= longestRuleMs) return until
  throw new CrossfadeError('BAD_USER_INPUT', `until must lie ahead, within ${longestRuleMs / dayMs} days.`)
}

/** @throws BAD_USER_INPUT for a rule without an end, or with a wrong one, and a bug with one. */
function judgementOf({ verdict, why, until, hereOnly }: Judged, by: string): Judgement {
  const refuse = (text: string): CrossfadeError => new CrossfadeError('BAD_USER_INPUT', text)
  if (verdict === 'bug') {
    if (until || hereOnly) throw refuse('A bug makes no rule: leave out until and hereOnly.')
    return { verdict, why: said('why', why), by }
  }
  if (!until) throw refuse(`What is ${verdict} has an end: say until.`)
  return { verdict, why: said('why', why), by, until: ahead(until), isHereOnly: hereOnly === true }
}

/** @throws BAD_USER_INPUT where a name is that of none, or of several. */
function named<T>(found: T | null, name: string, what = 'group'): T {
  if (found !== null) return found
  throw new CrossfadeError('BAD_USER_INPUT', `No one ${what} begins with ${name}.`)
}

type Does<Arguments, T> = (of: Arguments, asker: ApiContext['asker'], context: ApiContext) => Promise<T> | T

/** Whoever does it has the role. @throws FORBIDDEN for others. */
const needs =
  <Arguments, T>(role: Role, does: Does<Arguments, T>) =>
  (_: unknown, given: Arguments, context: ApiContext): Promise<T> | T => {
    const { asker } = context
    if (mayDo(asker.role, role)) return does(given, asker, context)
    throw new GraphQLError(`A token of the role ${role} may do this; yours is ${asker.role}.`, {
      extensions: { code: 'FORBIDDEN' },
    })
  }

interface OfGroup {
  readonly group: string
}

interface OfType {
  readonly type: string
}

interface Controlled extends OfType {
  readonly isPaused?: boolean | null
  readonly limit?: number | null
}

interface Signed extends OfType {
  readonly to?: Stage | null
  readonly why?: string | null
}

export function mutationFields(
  served: Served,
  changes: ReturnType<typeof stageChanges>,
  verifying: ReturnType<typeof verifications>,
  replaying: ReturnType<typeof replays>,
) {
  const { app, stores, killed } = served
  const { findings, triage, ledger } = stores.postgres
  const evidence = evidenceFor(served)
  const letters = letterChanges(served)
  const repaired = repairs(served)
  return {
    comment: needs('qa', async ({ group, text }: OfGroup & { readonly text: string }, { name }) =>
      named(await triage.comment(said('group', group), said('text', text), name), group),
    ),

    assign: needs('qa', async ({ group, to }: OfGroup & { readonly to: string }, { name }) =>
      named(await triage.assign(said('group', group), said('to', to), name), group),
    ),

    judge: needs('qa', async (judged: Judged, { name }) =>
      named(await triage.judge(said('group', judged.group), judgementOf(judged, name)), judged.group),
    ),

    dropRule: needs('qa', async ({ rule, why }: { readonly rule: string; readonly why: string }, { name }) =>
      named(await triage.drop(said('rule', rule), name, said('why', why)), rule, 'rule'),
    ),

    close: needs('qa', async ({ group, why }: OfGroup & { readonly why: string }, { name }) =>
      named(await findings.close(said('group', group), said('why', why), name), group, 'group that is not closed'),
    ),

    recheck: needs('qa', async ({ group: prefix }: OfGroup) => {
      const { group, examples } = named(await findings.show(said('group', prefix)), prefix)
      return recheckGroup({ stores, entity: typeOf(app.entities, group.type), group, examples })
    }),

    verify: needs('qa', ({ type }: OfType, asker) => verifying.start(type, asker)),

    stopVerify: needs('qa', ({ type }: OfType) => verifying.stop(type)),

    replay: needs('qa', ({ field }: { readonly field?: string | null }, asker) =>
      replaying.start(field ?? null, asker),
    ),

    stopReplay: needs('qa', () => replaying.stop()),

    sign: needs('qa', async ({ type: name, to, why }: Signed, asker, context) => {
      const type = { name, entity: typeOf(app.entities, name) }
      const seen = await evidence(type, to, context)
      const reason = why ? said('why', why) : null
      await signOff(ledger, type.entity, { by: asker.name, why: reason }, seen)
      return evidence(type, seen.to, context) // the signature may be a gate itself
    }),

    acceptIssues: needs('qa', async ({ type, group, why, until }: Accepted, { name }) => {
      const [accepted] = await acceptIssues(stores.postgres, typeOf(app.entities, type), [said('group', group)], {
        by: name,
        why: said('why', why),
        until: until ? ahead(until).toISOString() : null,
      })
      return { type, ...accepted }
    }),

    setStage: needs('operator', (change: Change, _, context) => changes.start(change, context)),

    repair: needs(
      'operator',
      ({ type, group, isDryRun }: OfGroup & OfType & { readonly isDryRun: boolean }, _, context) =>
        repaired(type, group, isDryRun, context),
    ),

    controlCopy: needs('operator', async ({ type, isPaused, limit }: Controlled) => {
      const { name } = typeOf(app.entities, type)
      await controlCopy(ledger, name, {
        ...(isPaused === null || isPaused === undefined ? {} : { isPaused }),
        ...(limit === null || limit === undefined ? {} : { limit: atMost('limit', limit, fastest) || null }),
      })
      return true
    }),

    retry: needs('operator', ({ type, id }: OfType & { readonly id?: string | null }, _, context) =>
      letters.retry(type, id, context),
    ),

    drop: needs('operator', ({ type, id, why }: OfType & { readonly id: string; readonly why: string }, _, context) =>
      letters.drop(type, id, why, context),
    ),

    kill: needs('operator', ({ type, on }: { readonly type: string; readonly on: boolean }, { name }) =>
      killed.set(type, on, name, false),
    ),
  }
}
