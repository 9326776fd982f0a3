import { sql } from 'kysely'
import { fingerprint } from '../../compare/differences.ts'
import { isOfField } from '../../compare/rules.ts'
import type { MismatchGroup } from '../findings.ts'
import type { KeptRule } from '../kept-rule.ts'
import type { Judgement, Note, Triage } from '../triage.ts'
import type { PostgresConnection } from './connection.ts'
import type { Executor } from './executor.ts'
import { groupByPrefix, ruleColumns, rulesInForce } from './groups.ts'

/** Keeps what was said of a group. */
export async function note(tx: Executor, group: string, { by, act, text, until }: Omit<Note, 'at'>): Promise<void> {
  await tx.run(
    sql`insert into crossfade.mismatch_notes (fingerprint, by, act, text, until)
        values (${group}, ${by}, ${act}, ${text}, ${until}::timestamptz)`,
  )
}

/** Groups and rules of one place; all resolvers of it where it names none. */
const ofPlace = ({ type, kind, path, resolver }: Pick<KeptRule, 'type' | 'kind' | 'path' | 'resolver'>) =>
  sql`entity = ${type} and kind = ${kind} and path = ${path}
    and (${resolver}::text is null or resolver is null or resolver = ${resolver})`

async function makeRule(
  tx: Executor,
  { fingerprint: group, type, kind, path, resolver: where }: MismatchGroup,
  { verdict, by, why, until, isHereOnly }: Extract<Judgement, { readonly until: Date }>,
): Promise<void> {
  const resolver = isOfField({ kind, path }) && !isHereOnly ? null : where
  const name = fingerprint(type, resolver ?? '', kind, path)
  await tx.run(
    sql`insert into crossfade.mismatch_rules (name, fingerprint, entity, kind, path, resolver, verdict, by, why, until)
        values (${name}, ${group}, ${type}, ${kind}, ${path}, ${resolver}, ${verdict}, ${by}, ${why}, ${until})
        on conflict (name) do update set fingerprint = excluded.fingerprint, verdict = excluded.verdict,
          by = excluded.by, why = excluded.why, at = clock_timestamp(), until = excluded.until`,
  )
  await tx.run(
    sql`update crossfade.mismatch_groups set is_bug = false where ${ofPlace({ type, kind, path, resolver })}`,
  )
}

async function markBug(tx: Executor, group: MismatchGroup): Promise<void> {
  await tx.run(sql`delete from crossfade.mismatch_rules where ${ofPlace(group)}`)
  await tx.run(sql`update crossfade.mismatch_groups set is_bug = true where fingerprint = ${group.fingerprint}`)
}

export function postgresTriage(connection: PostgresConnection): Triage {
  /** What is said of a group stands beside what it changes, or neither is kept. */
  const change = (
    prefix: string,
    said: Omit<Note, 'at'>,
    work: (tx: Executor, group: MismatchGroup) => Promise<unknown>,
  ): Promise<MismatchGroup | null> =>
    connection.transaction(async (tx) => {
      const group = await groupByPrefix(tx, prefix)
      if (!group) return null
      await work(tx, group)
      await note(tx, group.fingerprint, said)
      return groupByPrefix(tx, group.fingerprint)
    })

  return {
    judge(prefix, judgement) {
      const { by, why, verdict } = judgement
      const until = judgement.verdict === 'bug' ? null : judgement.until
      return change(prefix, { by, act: verdict, text: why, until }, (tx, group) =>
        judgement.verdict === 'bug' ? markBug(tx, group) : makeRule(tx, group, judgement),
      )
    },

    assign: (prefix, to, by) =>
      change(prefix, { by, act: 'assigned', text: to, until: null }, (tx, { fingerprint }) =>
        tx.run(sql`update crossfade.mismatch_groups set assignee = ${to} where fingerprint = ${fingerprint}`),
      ),

    comment: (prefix, text, by) => change(prefix, { by, act: 'comment', text, until: null }, async () => undefined),

    notes: (group) =>
      connection.run<Note>(
        sql`select at, by, act, text, until from crossfade.mismatch_notes where fingerprint = ${group} order by n`,
      ),

    rules: () =>
      connection.run<KeptRule>(sql`select ${ruleColumns} from crossfade.mismatch_rules order by at desc, name`),

    rulesInForce: () => rulesInForce(connection),

    drop: (prefix, by, why) =>
      connection.transaction(async (tx) => {
        const found = await tx.run<KeptRule>(
          sql`select ${ruleColumns} from crossfade.mismatch_rules where starts_with(name, ${prefix}::text) limit 2`,
        )
        const [rule] = found
        if (!rule || found.length > 1) return null
        await tx.run(sql`delete from crossfade.mismatch_rules where name = ${rule.name}`)
        await note(tx, rule.group, { by, act: 'dropped', text: why, until: null })
        return rule
      }),
  }
}
