import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../src/util/errors.ts'
import { randomOf } from '../model/random.ts'
import { ask, startClients } from './clients.ts'
import { command, commanded } from './command.ts'
import { startFaults } from './faults.ts'
import { type Holds, holds } from './holds.ts'
import { entities, judge } from './judge.ts'
import { startMovers } from './movers.ts'
import { clientsOf, firstRecords } from './operations.ts'
import { startPlainWrites } from './plain-writes.ts'
import { openSetting, type Setting } from './setting.ts'

export interface Plan {
  readonly seed: number
  /** How long clients ask, in milliseconds; what was begun is ended, and settled, behind it. */
  readonly lastsMs: number
  readonly gateways: number
  /** Clients of each type. */
  readonly clients: number
  /** Where servers and gateways keep their files and logs. */
  readonly dataDir: string
}

/** What became of one history. */
export interface Report extends Holds {
  readonly acknowledged: number
  readonly unknown: number
  readonly refused: number
  readonly moves: number
  /** Of gateways, stores and commands. */
  readonly kills: number
  readonly faults: number
  readonly lost: number
  readonly differing: number
  readonly resurrected: number
  readonly doubled: number
  /** Clients were told that something is not there, or were shown a fault of ours. */
  readonly untrue: number
  readonly conflicts: number
  /** Moves that could not be ended, what stays owed, gateways that ended by themselves. */
  readonly unfinished: number
  readonly compared: number
  /** What the servers lost of writes that know nothing of Crossfade. */
  readonly lostByServers: number
  readonly codes: Readonly<Record<string, number>>
  /** Each promise that was broken, in words. */
  readonly broken: readonly string[]
}

/** A mirror for each type, made equal, with records that were there before. */
async function prepare({ members, env }: Setting, clients: number): Promise<void> {
  for (const { gateway } of members) gateway.start()
  await Promise.all(members.map(({ gateway }) => gateway.ready()))
  for (const { query, variables } of firstRecords(clients)) {
    const { outcome, message } = await ask(members[0]!.gateway.url, query, variables)
    if (outcome !== 'ok') throw new Error(`the first records could not be made: ${message}`)
  }
  await commanded(['stage', 'set', 'all', 'dualwrite', '--no-other-writers'], env)
  await commanded(['backfill'], env)
}

/** Everything runs again, and every move that was cut off is ended. */
async function heal(setting: Setting, log: (line: string) => void): Promise<string[]> {
  for (const { gateway } of setting.members) gateway.start()
  await Promise.all(setting.members.map(({ gateway }) => gateway.ready()))
  const broken: string[] = []
  for (const { name } of entities) {
    const { code, text } = await command(['stage', 'set', name], setting.env)
    if (code !== 0) broken.push(`${name}: its last move could not be ended: ${text}`)
    log(text)
  }
  return broken
}

/** Clients write, authority moves, and everything goes wrong; then all is healed, and what is left is judged. */
export async function play(plan: Plan, log: (line: string) => void): Promise<Report> {
  const randomFor = (what: number) => randomOf(plan.seed * 7_919 + what)
  const setting = await openSetting(plan.dataDir, plan.gateways, log)
  try {
    await prepare(setting, plan.clients)
    log('the clients begin')
    const plain = await startPlainWrites(setting)
    const urls = setting.members.map(({ gateway }) => gateway.url)
    const clients = startClients(
      clientsOf((client) => randomFor(client), plan.clients, setting.hasTransactions),
      urls,
      randomFor,
    )
    const faults = startFaults(setting, (family) => randomFor(2_000 + family), log)
    const movers = startMovers(setting, (operator) => randomFor(3_000 + operator), log)
    await sleep(plan.lastsMs)
    log('the faults end')
    await faults.stop()
    await movers.stop()
    await clients.stop()
    const unhealed = await heal(setting, log)
    log('what is owed is waited for')
    const left = await judge(setting, clients.operations, log)
    const { mongo, postgres } = await plain.stop()
    const crashes = setting.members.flatMap(({ gateway: { name, crashes } }) =>
      crashes > 0 ? [`${name} ended by itself ${crashes} times`] : [],
    )
    const unfinished = [...movers.broken, ...unhealed, ...left.owed, ...crashes]
    const of = (promise: string): number => left.broken.filter((each) => each.promise === promise).length
    const outcomes = Map.groupBy(clients.operations, ({ outcome }) => outcome)
    const killed = faults.troubles.filter(({ name }) => name.startsWith('kill')).length
    return {
      acknowledged: (outcomes.get('ok')?.length ?? 0) + (outcomes.get('none')?.length ?? 0),
      unknown: outcomes.get('unknown')?.length ?? 0,
      refused: outcomes.get('refused')?.length ?? 0,
      moves: movers.moves.length,
      kills: killed + movers.killed,
      faults: faults.troubles.length,
      lost: of('lost'),
      differing: left.different.length,
      resurrected: of('resurrected'),
      doubled: of('doubled'),
      untrue: of('untrue') + clients.odd.length,
      conflicts: left.conflicts.length,
      unfinished: unfinished.length,
      compared: left.compared,
      ...holds(movers.moves, clients.operations, faults.troubles),
      lostByServers: mongo.lost + postgres.lost,
      codes: Object.fromEntries(clients.codes),
      broken: [
        ...left.broken.map(({ promise, text }) => `${promise}: ${text}`),
        ...left.different,
        ...left.conflicts,
        ...clients.odd,
        ...unfinished,
      ],
    }
  } finally {
    await setting.close().catch((error: unknown) => log(`not everything could be closed: ${messageOf(error)}`))
  }
}
