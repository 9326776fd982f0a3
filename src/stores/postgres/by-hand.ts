import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { impliedTables } from '../../entity/implied-tables.ts'
import { writtenCondition } from '../../query/written-condition.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { onceFor } from '../../util/once-for.ts'
import { type Bounds, type Calls, carryOutByHand, maxAwaited, type Sides } from '../by-hand.ts'
import type { DoneByHand, Stamp } from '../store.ts'
import { announce } from './announce.ts'
import { mayWrite, toId } from './bookkeeping.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { writeError } from './errors.ts'
import type { PostgresHand } from './hand.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { imagesIn } from './outbox.ts'
import { isRefused } from './refusals.ts'
import { tableOf } from './select.ts'
import { settingsAgain } from './session-settings.ts'
import type { Transaction } from './transaction.ts'
import { triggersOf } from './triggers.ts'
import { translate } from './where.ts'

/** From here the triggers stamp what is written, and note it, as they do for others. The word tells that none has ended it. */
const unannounce = sql.raw("set local crossfade.writer = 'by hand'")
const isStillOpen = sql`select current_setting('crossfade.writer', true) = 'by hand' as open`

/** A trigger, and its table. */
interface Place {
  readonly name: string
  readonly place: string
  /** The transaction that has changed it last; null where it is missing, or does not fire. */
  readonly since: string | null
}

const triggerNames = onceFor((entity: Entity) => {
  const all = impliedTables(entity).flatMap((table) =>
    triggersOf(entity, table).map(({ name }) => ({ table: quote(table.name), name })),
  )
  return { tables: all.map(({ table }) => table), names: all.map(({ name }) => name) }
})

/** Those of ours without which nothing would tell what was written, as they are now. */
function triggersNow(entity: Entity) {
  const { tables, names } = triggerNames(entity)
  return sql`select w.name, w.place, t.xmin::text as since from unnest(${names}::text[], ${tables}::text[]) w(name, place)
    left join pg_trigger t on t.tgrelid = to_regclass(w.place) and t.tgname = w.name
      and (t.tgenabled = 'A' or (t.tgenabled = 'O' and current_setting('session_replication_role') <> 'replica'))`
}

/** @throws MISCONFIGURED where a trigger is missing, or does not fire. */
function checkTriggers(triggers: readonly Place[]): void {
  const missing = triggers.find(({ since }) => since === null)
  if (!missing) return
  const text = `Table ${missing.place} has no trigger ${missing.name} that fires, which tells what is written by hand`
  throw new CrossfadeError('MISCONFIGURED', `${text}: \`crossfade migrate diff\` prints it.`)
}

/** @throws MISCONFIGURED where a trigger was changed meanwhile: it may have been off, and nothing tells what was written. */
function checkUnchanged(before: readonly Place[], after: readonly Place[]): void {
  checkTriggers(after)
  const known = new Map(before.map(({ name, place, since }) => [`${place} ${name}`, since]))
  const changed = after.find(({ name, place, since }) => known.get(`${place} ${name}`) !== since)
  if (!changed) return
  const text = `Trigger ${changed.name} of table ${changed.place} was changed during a write by hand`
  throw new CrossfadeError('MISCONFIGURED', `${text}, of which it should have told.`)
}

/** Ids of what this transaction has noted as owed. What a statement has noted inside of a block of its own the sweep finds. */
const notedHere = (entity: Entity) =>
  sql`select id from crossfade.pending
      where entity = ${entity.name} and xmin = pg_current_xact_id_if_assigned()::xid limit ${maxAwaited}::int`

/** What a trigger has refused is told as the server tells it: it names types, stages and tables alone. */
async function handError(connection: PostgresConnection, entity: Entity, error: unknown): Promise<unknown> {
  if (isRefused(error, 'newer')) {
    const text = `A ${entity.name} was written or deleted after authority moved; try again.`
    return new CrossfadeError('TRY_AGAIN', text, { cause: error })
  }
  if (isRefused(error, 'elsewhere') || isRefused(error, 'truncated'))
    return new CrossfadeError(
      'MISCONFIGURED',
      `A write by hand of ${entity.name} was refused: ${(error as Error).message}.`,
    )
  return writeError(connection, entity, error)
}

const handOf = (tx: Transaction, calls: Calls): PostgresHand => ({
  sql,
  run: (statement) => calls.inTurn(() => tx.run(statement)),
  table: wholeTable,
  from: tableOf,
  match: (of, where) => sql`(${isOfType(of)} and ${translate(of, writtenCondition(of, where))})`,
})

/**
 * See `Steps.byHand`. The gateway takes its announcement back while the side runs, so that the triggers see its writes, of
 * whatever table; the type's lock and the flag are its own.
 */
export async function byHandIn<T>(
  tx: Transaction,
  connection: PostgresConnection,
  entity: Entity,
  { postgres }: Sides<T>,
  stamp: Stamp,
): Promise<DoneByHand<T>> {
  tx.spend() // settings, temporary tables and advisory locks of a session outlive its transactions
  const [, before] = await Promise.all([
    tx.run(mayWrite(entity, stamp.epoch)),
    tx.run<Place>(triggersNow(entity)),
    tx.run(unannounce),
  ]).catch(async (error: unknown) => {
    throw await writeError(connection, entity, error)
  })
  checkTriggers(before)
  const told: Bounds['told'] = async (call) => {
    try {
      return await call()
    } catch (error) {
      throw await handError(connection, entity, error)
    }
  }
  // A side may have lifted the limits that the server keeps
  const bounds = { store: 'PostgreSQL', ms: connection.statementTimeoutMs, told, cut: () => tx.cut() }
  const result = await carryOutByHand(bounds, (calls) => postgres(handOf(tx, calls) as never))
  const [[state], after, , noted] = await Promise.all([
    tx.run<{ open: boolean | null }>(isStillOpen),
    tx.run<Place>(triggersNow(entity)),
    tx.run(settingsAgain(connection.statementTimeoutMs)),
    stamp.owed ? tx.run<{ id: string }>(notedHere(entity)) : [],
    tx.run(sql.raw(announce)),
  ])
  if (!state?.open) {
    const text = `A write by hand of ${entity.name} has ended its transaction, or changed crossfade.writer`
    throw new CrossfadeError('UNKNOWN_OUTCOME', `${text}; look before repeating it.`)
  }
  checkUnchanged(before, after)
  return {
    result,
    images: await imagesIn(
      tx,
      connection,
      entity,
      noted.map(({ id }) => toId(entity, id)),
    ),
  }
}
