import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineEntity, load, objectId, only, text, write } from 'crossfade'
import { createBuilder, entityType, record } from 'crossfade/pothos'
import { createPubSub } from 'graphql-yoga'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { stages } from '../../src/stage/stage.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: objectId(), fields: { text: text() } })

const pubSub = createPubSub<{ changed: [id: string] }>()
/** Sources of subscriptions that clients have not left, and how many there were. */
const open = new Set<symbol>()
let made = 0

/** What a client is told of, until it leaves: a generator would hear of that at its next event alone. */
function changes(): AsyncIterable<string> {
  const own = Symbol('source')
  const events = pubSub.subscribe('changed')
  const end = events.return.bind(events)
  open.add(own)
  made++
  return Object.assign(events, {
    return(value: never) {
      open.delete(own)
      return end(value)
    },
  })
}

const limits = { aliases: 10, answerMs: 1_500, answerBytes: 2_000, subscriptions: 3 }

const builder = createBuilder()
const NoteType = entityType(builder, Note)
builder.queryType({ fields: (t) => ({ note: record(t, Note) }) })
builder.mutationType({
  fields: (t) => ({
    change: t.field({
      type: NoteType,
      extensions: { writes: only(Note) },
      args: { id: t.arg.id({ required: true }), text: t.arg.string({ required: true }) },
      async resolve(_, { id, text }, context, info) {
        const note = await write(context, info, (tx) => tx.of(Note).patch(id, { text }))
        pubSub.publish('changed', String(id)) // it was acknowledged
        return note
      },
    }),
  }),
})
builder.subscriptionType({
  fields: (t) => ({
    changed: t.field({
      type: NoteType,
      args: { where: t.arg.string() },
      subscribe: () => changes(),
      async resolve(id: string, _, context, info) {
        // One from the loader's cache would be as it was before
        await load(context, info, Note, id)
        if ((await load(context, info, Note, id, { reading: ['text'] }))?.text === 'secret')
          throw new Error('nobody is to know')
        return load(context, info, Note, id)
      },
    }),
    late: t.field({
      type: NoteType,
      async subscribe() {
        await sleep(500)
        return changes()
      },
      resolve: () => null,
    }),
    never: t.field({ type: NoteType, subscribe: () => new Promise<never>(() => undefined), resolve: () => null }),
    tooLate: t.field({
      type: NoteType,
      async subscribe() {
        await sleep(limits.answerMs + 500)
        return changes()
      },
      resolve: () => null,
    }),
    hangs: t.string({
      subscribe: () => changes(),
      resolve: async (id: string, _, { signal }) => {
        await once(signal!, 'abort')
        return id
      },
    }),
  }),
})

const id = '5f0000000000000000000001'
let aliases = 0
const lines: string[] = []
let api: SmallGateway
beforeAll(async () => {
  const app = { schema: builder.toSchema(), entities: [Note], migrations: {}, limits }
  const documents = new Map([[Note, [{ _id: new ObjectId(id), text: 'first' }]]])
  api = await openAppGateway(app, documents, { captures: false, log: (_, line) => lines.push(line) })
}, 60_000)
afterAll(() => api?.close())

const change = (to: string) =>
  api.ask('mutation ($id: ID!, $to: String!) { change(id: $id, text: $to) { text } }', { id, to })

function send(query: string, variables: object, onResponse?: (response: IncomingMessage) => void) {
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
  const sent = httpRequest(api.gateway.url, { method: 'POST', headers }, onResponse)
  sent.end(JSON.stringify({ query, variables }))
  return sent
}

/** A client of server-sent events, as Yoga tells them: `event: next`, then the data. */
async function subscribe(query: string, variables: object = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    send(query, variables, resolve).on('error', reject),
  )
  const told: unknown[] = []
  let text = ''
  let ended = false
  response.setEncoding('utf8')
  response.on('data', (part: string) => {
    text += part
    const events = text.split('\n\n')
    text = events.pop()!
    for (const each of events) {
      const data = /^data: (.*)$/m.exec(each)?.[1]
      if (/^event: next$/m.test(each) && data) told.push(JSON.parse(data))
    }
  })
  response.on('close', () => {
    ended = true
  })
  return { told, leave: () => response.destroy(), hasEnded: () => ended }
}
const patience = { timeout: 20_000 }
const subscribed = () => expect.poll(() => open.size, patience).toBe(1)
const left = () => expect.poll(() => open.size, patience).toBe(0)
const changedTo = (text: string) => ({ data: { changed: { text } } })

test('an event shows what the authority has, where reads are answered by the other store', async () => {
  const { stores, gateway } = api
  const ledgers = { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }
  const moves = { ledgers, log: () => undefined, sweep: async () => 0 }
  await setStage(moves, { type: 'Note', readPercent: 100, samplePercent: 0 })
  await gateway.routing.flags.refresh()
  await changeUnseen(stores, sql`update notes set text = 'the mirror’s'`)
  await stores.mongo.connection.db.collection('notes').updateOne({}, { $set: { text: 'the authority’s' } })
  // On a busy machine the look at what is owed may be too old for a while
  const read = () => api.ask(`{ note(id: "${id}") { text } }`)
  await expect.poll(read, patience).toMatchObject({ data: { note: { text: 'the mirror’s' } } })
  const { told, leave } = await subscribe('subscription { changed { text } }')
  await subscribed()
  pubSub.publish('changed', id)
  await expect.poll(() => told, patience).toEqual([changedTo('the authority’s')])
  leave()
  await left()
  await setStage(moves, { type: 'Note', readPercent: 0 })
  await gateway.routing.flags.refresh()
})

describe.each(stages)('A subscription, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('is told of each write as it was acknowledged, and ends with its client', async () => {
    const { told, leave } = await subscribe('subscription { changed { text } }')
    await subscribed()
    const texts = ['one', 'two', 'three']
    for (const text of texts) {
      await change(text)
      // An event shows the record as it is when it is answered
      await expect.poll(() => told.at(-1), patience).toEqual(changedTo(text))
    }
    expect(told).toEqual(texts.map(changedTo))
    leave()
    await left()
  })
})

describe('The limits of a subscription', () => {
  test('a time limit is one of each event, and not of the whole', async () => {
    const { told, leave } = await subscribe('subscription { changed { text } }')
    await subscribed()
    await change('soon')
    await expect.poll(() => told.length, patience).toBe(1)
    await sleep(limits.answerMs + 500)
    await change('late')
    await expect.poll(() => told, patience).toMatchObject([changedTo('soon'), changedTo('late')])
    leave()
    await left()
  })

  test('an event that hangs is ended, and the next one is answered', async () => {
    const { told, leave } = await subscribe('subscription { hangs }')
    await subscribed()
    await change('x')
    await expect.poll(() => told, patience).toEqual([{ data: { hangs: id } }])
    await change('y')
    await expect.poll(() => told.length, patience).toBe(2)
    leave()
    await left()
  })

  test('errors are masked, and an event that is too large is refused', async () => {
    const { told, leave } = await subscribe('subscription { changed { text } }')
    await subscribed()
    for (const [index, text] of ['secret', 'x'.repeat(limits.answerBytes), 'small'].entries()) {
      await change(text)
      await expect.poll(() => told.length, patience).toBe(index + 1)
    }
    expect(told[0]).toMatchObject({ data: { changed: null }, errors: [{ path: ['changed'] }] })
    expect(JSON.stringify(told[0])).not.toContain('nobody is to know')
    expect(told[1]).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(told[2]).toEqual(changedTo('small'))
    leave()
    await left()
  })

  test('a client that leaves before its source is there leaves no source behind', async () => {
    const sent = send('subscription { late { text } }', {}).on('error', () => undefined)
    await sleep(200)
    sent.destroy()
    await sleep(1_000)
    await left()
  })

  test('a source that does not come is waited for no longer than any answer', async () => {
    const { told, hasEnded } = await subscribe('subscription { never { text } }')
    await expect.poll(hasEnded, patience).toBe(true)
    expect(told).toMatchObject([{ errors: [{ extensions: { code: 'UNAVAILABLE' } }] }])
    expect(JSON.stringify(told)).toContain('The request took longer than 1.5 s (limits.answerMs); ask for less.')
  })

  test('a source that comes behind its time is left', async () => {
    const before = made
    const { hasEnded } = await subscribe('subscription { tooLate { text } }')
    await expect.poll(hasEnded, patience).toBe(true)
    expect(open.size).toBe(0)
    await expect.poll(() => made, patience).toBe(before + 1)
    await left()
  })

  test('no more are open at a time, and the next one has its place when one leaves', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => subscribe('subscription { changed { text } }')))
    await expect.poll(() => open.size, patience).toBe(3)
    const refused = await subscribe('subscription Fourth { changed { text } }')
    await expect.poll(refused.hasEnded, patience).toBe(true)
    expect(refused.told).toMatchObject([
      {
        errors: [
          {
            message: 'The gateway has as many subscriptions open as it takes (limits.subscriptions). Try again later.',
            extensions: { code: 'TRY_AGAIN' },
          },
        ],
      },
    ])
    expect(lines).toContainEqual('limits.subscriptions refuses operation Fourth: asked for more, allowed 3')
    clients.pop()!.leave()
    await expect.poll(() => open.size, patience).toBe(2)
    const { leave } = await subscribe('subscription { changed { text } }')
    await expect.poll(() => open.size, patience).toBe(3)
    for (const client of [...clients, { leave }]) client.leave()
    await left()
  })

  test.each<[string, string, object]>([
    ['text that no store can hold', 'subscription ($w: String) { changed(where: $w) { text } }', { w: 'a\u0000b' }],
    ['too much', `subscription { changed { ${'a: text '.repeat(20).replace(/a/g, () => `a${aliases++}`)} } }`, {}],
  ])('%s is refused before anything is subscribed to', async (_, query, variables) => {
    const { told, hasEnded } = await subscribe(query, variables)
    await expect.poll(hasEnded, patience).toBe(true)
    expect(told.every((each) => (each as { errors?: unknown }).errors !== undefined)).toBe(true)
    expect(open.size).toBe(0)
  })
})

test('a gateway that ends ends its subscriptions', async () => {
  const { hasEnded } = await subscribe('subscription { changed { text } }')
  await subscribed()
  await api.gateway.close()
  await expect.poll(hasEnded, patience).toBe(true)
  await left()
})
