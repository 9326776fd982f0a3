import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { noFlag } from '../control/flag-store.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { typeOf } from '../entity/type-of.ts'
import { sweepNow } from '../jobs/sweep-now.ts'
import { drop } from '../mirror/dropped.ts'
import { type ListedLetter, listedLetters } from '../mirror/listed-letters.ts'
import { owingOrigin } from '../mirror/owed-of.ts'
import { retryLetters } from '../mirror/retry.ts'
import type { Stores } from '../routing/routing.ts'
import type { Store } from '../stores/store.ts'
import { otherOrigin } from '../util/origin.ts'
import { fromEither } from './from-either.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, printTable, say } from './output.ts'
import { said } from './said.ts'
import { subcommandsOf } from './subcommands.ts'
import { typesOrAll } from './types-named.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

const all = async (stores: Stores, entities: readonly Entity[]): Promise<ListedLetter[]> =>
  (await fromEither(stores, (store) => listedLetters(store, entities))).flat()

const nextOf = ({ letter, why }: ListedLetter): string =>
  why !== null ? 'dropped' : letter ? new Date(letter.next).toISOString() : 'next round'

function print(told: readonly ListedLetter[]): void {
  printTable(
    ['type', 'id', 'owed by', 'version', 'tries', 'next try', 'reason'],
    told.map((each) => [
      each.type,
      each.id,
      each.owedBy,
      each.version,
      each.letter?.tries ?? '–',
      nextOf(each),
      each.why === null ? each.reason : `${each.reason} (dropped: ${each.why})`,
    ]),
  )
}

/** The store that owes the type's records. @throws BAD_USER_INPUT where none does. */
async function owingStore(stores: Stores, entity: Entity): Promise<Store> {
  const flag = (await knownFlags(stores)).get(entity.name)
  if (!flag) throw noFlag(entity.name)
  return stores[owingOrigin(entity, flag)]
}

/** Sweeps until no more is owed than is refused; a gateway's sweep may hold the type for a moment. */
async function settled(round: () => Promise<number>, refused: number): Promise<number> {
  let owed = await round()
  for (let tries = 0; owed > refused && tries < 20; tries++) {
    await sleep(250)
    owed = await round()
  }
  return owed
}

/** Exit code 2 where something was refused again, or is owed still. */
export async function retry(stores: Stores, entity: Entity, text: string | undefined, json: boolean): Promise<void> {
  const { ledger, origin, outbox } = await owingStore(stores, entity)
  const ids: Id[] | undefined = text === undefined ? undefined : [parseId(entity, text)]
  const round = (): Promise<number> => sweepNow(stores, entity, origin, say, ids === undefined)
  const tried = await retryLetters(ledger, entity, round, ids)
  const owed = ids ? (await outbox.backlog(entity)).count : await settled(round, tried.refused.length)
  if (json) printJson({ type: entity.name, ...tried, owed })
  else {
    const letters = `${tried.mirrored.length} dead letters mirrored, ${tried.refused.length} refused again`
    say(`${entity.name}: ${letters}, ${owed} records still owed.`)
  }
  if (ids ? tried.refused.length > 0 : owed > 0) process.exitCode = 2
}

async function dropOne(stores: Stores, entity: Entity, id: string, why: string, json: boolean): Promise<void> {
  const store = await owingStore(stores, entity)
  const { version, reason } = await drop(store, entity, id, why)
  const mirror = otherOrigin(store.origin)
  if (json) return printJson({ type: entity.name, id, version, reason, why })
  say(
    `${entity.name} ${id}: ${mirror} is owed version ${version} no more, and does not have it. The stores differ in this record` +
      ` until it is written again, and the type's authority does not move before that unless it is forced.`,
  )
}

/** Which records the mirror refuses. */
export function deadLettersCommand(): Command {
  const letters = new Command('dead-letters').description('records that the other store refuses')
  const add = subcommandsOf(letters)
  add(
    'list [type]',
    'with reason, tries and next try, and those that were dropped; exit 2 while there are any',
    'crossfade mirror dead-letters list Movie',
  ).action((type: string | undefined, { config: file, json }: Options) =>
    withSession(file, async ({ config: { entities }, stores }) => {
      const told = await all(stores, typesOrAll(entities, type === undefined ? [] : [type]))
      if (json) printJson(told)
      else if (told.length === 0) say('There are no dead letters.')
      else print(told)
      if (told.length > 0) process.exitCode = 2
    }),
  )
  add('show <type> <id>', 'that of one record', 'crossfade mirror dead-letters show Movie 573a13').action(
    (type: string, id: string, { config: file, json }: Options) =>
      withSession(file, async ({ config: { entities }, stores }) => {
        const told = (await all(stores, [typeOf(entities, type)])).filter((each) => each.id === id)
        if (json) printJson(told)
        else if (told.length === 0) say(`${type} ${id} has no dead letter.`)
        else print(told)
        if (told.length > 0) process.exitCode = 2
      }),
  )
  add(
    'retry <type> [id]',
    'try them now, or that of one record; exit 2 where it is refused again',
    'crossfade mirror dead-letters retry Movie',
  ).action((type: string, id: string | undefined, { config: file, json }: Options) =>
    withSession(file, ({ config: { entities }, stores }) => retry(stores, typeOf(entities, type), id, json === true)),
  )
  add(
    'drop <type> <id>',
    'give up what the other store refuses: the letter goes, and the debt of that version; the stores stay unequal',
    'crossfade mirror dead-letters drop Movie 573a13 --why "a test record"',
  )
    .requiredOption('--why <text>', 'kept in the log', said)
    .action((type: string, id: string, { config: file, json, why }: Options & { readonly why: string }) =>
      withSession(file, ({ config: { entities }, stores }) =>
        dropOne(stores, typeOf(entities, type), id, why, json === true),
      ),
    )
  return letters
}
