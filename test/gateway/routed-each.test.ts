import { defineEntity, int, reading, routedEach, text } from 'crossfade'
import { connection, createBuilder, entityType, record } from 'crossfade/pothos'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Mismatch } from '../../src/stores/findings.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'

const Player = defineEntity('Player', {
  mongo: 'players',
  postgres: 'players',
  id: int(),
  fields: { team: text().index(), goals: int() },
})

type OfTeam = { readonly team: string | null }
type Args = { readonly least: number }

/** What each side was asked, once for a level. */
const asked: { readonly teams: readonly (string | null)[]; readonly least: number }[] = []
const builder = createBuilder()
const PlayerType = entityType(builder, Player)
builder.objectFields(PlayerType, (t) => ({
  /** How many of the team have so many goals at least. */
  mates: t.int({
    nullable: false,
    args: { least: t.arg.int({ required: true }) },
    ...reading(
      Player,
      ['team'],
      routedEach(Player, {
        async mongo({ aggregate }, { least }: Args, { parents }: { readonly parents: readonly OfTeam[] }) {
          const teams = parents.map(({ team }) => team)
          asked.push({ teams, least })
          const rows = await aggregate<{ _id: string; n: number }>(Player, [
            { $match: { team: { $in: teams }, goals: { $gte: least } } },
            { $group: { _id: '$team', n: { $sum: 1 } } },
          ])
          const counts = new Map(rows.map(({ _id, n }) => [_id, n]))
          return teams.map((team) => (team === null ? 0 : (counts.get(team) ?? 0)))
        },
        async postgres({ sql, run, from }, { least }, { parents }) {
          const teams = parents.map(({ team }) => team)
          asked.push({ teams, least })
          const rows = await run<{ team: string; n: string }>(
            sql`select t.team, count(*) as n from ${from(Player)}
                where t.team = any(${teams}::text[]) and t.goals >= ${least}::int group by 1`,
          )
          const counts = new Map(rows.map(({ team, n }) => [team, Number(n)]))
          return teams.map((team) => (team === null ? 0 : (counts.get(team) ?? 0)))
        },
        finish: (n: number, { least }, { parent }) => (parent.team === 'solo' ? -least : n),
      }),
    ),
  }),
  tooFew: t.int({
    extensions: { needs: [] },
    resolve: routedEach(Player, {
      mongo: async () => [1],
      postgres: async () => [1],
      finish: (n: number) => n,
    }),
  }),
}))
builder.queryType({
  fields: (t) => ({
    player: record(t, Player),
    players: connection(t, Player),
    total: t.int({
      resolve: routedEach(Player, {
        mongo: async ({ aggregate }) => (await aggregate<{ n: number }>(Player, [{ $count: 'n' }])).map(({ n }) => n),
        postgres: async ({ sql, run, from }) =>
          (await run<{ n: string }>(sql`select count(*) as n from ${from(Player)}`)).map(({ n }) => Number(n)),
        finish: (n: number) => n,
      }),
    }),
  }),
})

const documents = [
  { _id: 1, team: 'red', goals: 3 },
  { _id: 2, team: 'red', goals: 1 },
  { _id: 3, team: 'blue', goals: 2 },
  { _id: 4, team: 'solo', goals: 9 },
  { _id: 5 },
]

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  let api: SmallGateway
  const mismatches: Mismatch[] = []
  const logged: string[] = []
  beforeAll(async () => {
    api = await openSmallGateway(builder.toSchema(), Player, documents, {
      onMismatch: (mismatch) => mismatches.push(mismatch),
      log: (...line) => logged.push(JSON.stringify(line)),
    })
    await api.setStage(stage)
  })
  afterAll(() => api.close())
  beforeEach(() => {
    asked.length = 0
    mismatches.length = 0
  })

  test('all parents of a level are one question, and each place with other arguments is another', async () => {
    const query = '{ players { edges { node { id many: mates(least: 1) few: mates(least: 3) } } } }'
    const node = (id: string, many: number, few: number) => ({ node: { id, many, few } })
    expect(await api.ask(query)).toEqual({
      data: {
        players: {
          edges: [node('1', 2, 1), node('2', 2, 1), node('3', 1, 0), node('4', -1, -3), node('5', 0, 0)],
        },
      },
    })
    const teams = ['red', 'red', 'blue', 'solo', null]
    // Of the store that answers, and of the one that is compared behind the reply
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(4)
    for (const least of [1, 3])
      expect(asked.filter((each) => each.least === least)).toEqual([
        { teams, least },
        { teams, least },
      ])
    expect(mismatches).toEqual([])
  })

  test('what they are answered is compared together', async () => {
    const players = api.stores.mongo.connection.collection(Player)
    const set = (goals: number) =>
      stage === 'shadow'
        ? changeUnseen(api.stores, sql`update players set goals = ${goals} where id = 3`)
        : players.updateOne({ _id: 3 as never }, { $set: { goals } })
    await set(0)
    await api.ask('{ players { edges { node { mates(least: 1) } } } }')
    await expect.poll(() => mismatches.length, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(mismatches[0]).toMatchObject({ resolver: 'Player.mates', kind: 'divergence', path: '' })
    const values = [mismatches[0]!.control, mismatches[0]!.candidate]
    const [right, wrong] = [
      [2, 2, 1, -1, 0],
      [2, 2, 0, -1, 0],
    ]
    expect(values).toEqual([right, wrong])
    await set(2)
  })

  test('a root field has no parent, and is asked all the same', async () => {
    expect(await api.ask('{ total }')).toEqual({ data: { total: 5 } })
  })

  test('a side that does not answer for each parent is told of', async () => {
    expect(await api.ask('{ players(first: 1) { edges { node { tooFew } } } }')).toMatchObject({
      data: { players: { edges: [{ node: { tooFew: 1 } }] } },
    })
    expect(await api.ask('{ players { edges { node { tooFew } } } }')).toMatchObject({
      data: { players: { edges: [{ node: { tooFew: null } }, {}, {}, {}, {}] } },
      errors: { length: 5 },
    })
    const store = stage === 'live' ? 'postgres' : 'mongo'
    expect(logged.join()).toContain(`Player.tooFew found 1 values in ${store} for 5 parents`)
  })
})
