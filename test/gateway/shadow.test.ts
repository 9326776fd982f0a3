import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Mismatch } from '../../src/stores/findings.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'
import { Patient, patients, schema } from './patients.ts'

let api: SmallGateway
let found: Mismatch[]
beforeEach(async () => {
  found = []
  api = await openSmallGateway(schema, Patient, patients as unknown as Document[], {
    onMismatch: (mismatch) => found.push(mismatch),
    captures: false, // as on a server that is no replica set: what others write is mirrored nowhere
  })
})
afterEach(() => api.close())

const page = '{ patients { edges { node { id body } } } }'
const write = 'mutation ($id: Int!, $body: String!) { write(id: $id, body: $body) { id } }'

const inPostgres = (statement: string): Promise<void> => changeUnseen(api.stores, sql.raw(statement))

async function read(query: string, variables = {}): Promise<void> {
  expect(await api.ask(query, variables)).not.toHaveProperty('errors')
  await api.gateway.routing.shadow.idle()
}

const told = (): string[] => found.map(({ kind, path, id }) => `${kind} ${path} ${id}`).sort()

/** A record whose writes PostgreSQL refuses: it stays owed for ever. */
async function makeDeadLetter(id: number): Promise<void> {
  await inPostgres(`alter table patients add constraint refuses check (body <> 'refused')`)
  await api.ask(write, { id, body: 'refused' })
}

test('a record that is owed for ever hides neither one that was changed nor one that was removed beside it', async () => {
  await makeDeadLetter(1)
  await inPostgres(`update patients set body = 'changed' where id = 2`)
  await inPostgres('delete from patients where id = 3')
  await read(page)
  expect(told()).toEqual(['divergence body 2', 'missing  3'])
  const groups = await api.stores.postgres.findings.groups()
  expect(groups.map(({ resolver, kind, path, count }) => [resolver, kind, path, count])).toEqual(
    [...[['Query.patients', 'divergence', 'body', 1]], ...[['Query.patients', 'missing', '', 1]]].toSorted(
      (a, b) => groupOrder(groups, a) - groupOrder(groups, b),
    ),
  )
  const undecided = await api.stores.postgres.findings.undecided()
  expect(undecided).toMatchObject([{ type: 'Patient', reason: 'owed', count: 1, id: '1' }])
  expect(undecided[0]!.owedMs).toBeGreaterThan(0)
})

/** Groups of equal counts are in the order of their fingerprints. */
function groupOrder(groups: readonly { readonly kind: string }[], row: readonly (string | number)[]): number {
  return groups.findIndex(({ kind }) => kind === row[1])
}

test('nor one that nobody but PostgreSQL has', async () => {
  await makeDeadLetter(1)
  await inPostgres(`insert into patients (id, body) values (0, 'stowaway')`)
  await read(page)
  expect(told()).toEqual(['extra  0'])
})

test('nor does a type that owes something hide what one of its other records lost, read by itself', async () => {
  await makeDeadLetter(1)
  await inPostgres(`update patients set body = null where id = 5`)
  await inPostgres('delete from patients where id = 6')
  await read('{ a: patient(id: 5) { body } b: patient(id: 6) { body } c: patient(id: 7) { body } }')
  expect(told()).toEqual(['divergence body 5', 'missing  6'])
})

test('a count of a type that is owed something is not decided, and told as such', async () => {
  await makeDeadLetter(1)
  await inPostgres('delete from patients where id = 3')
  await read('{ patients { totalCount } }')
  expect(found).toEqual([])
  expect(await api.stores.postgres.findings.undecided()).toMatchObject([{ reason: 'owed', count: 1, id: null }])
})

/** Written through the API and mirrored, so that both stores have it at one version of its own. */
async function written(id: number): Promise<void> {
  await api.ask(write, { id, body: 'written' })
  await api.gateway.routing.mirror.flush()
  expect(await api.stores.mongo.outbox.owedFor(Patient, [id])).toEqual(new Map())
}

const collection = () => api.stores.mongo.connection.collection(Patient)

test('a document that another program has replaced is found, with both contents', async () => {
  await written(1)
  await collection().replaceOne({ _id: 1 } as Document, { body: 'x', n: 1 })
  await read('{ patient(id: 1) { body n } }')
  expect(told()).toEqual(['version  1'])
  expect(found[0]).toMatchObject({
    answeredBy: 'mongo',
    controlVersion: '0.0',
    control: { body: 'x', n: 1, ward: null, surname: '[redacted]' },
    candidate: { body: 'written', n: 0, ward: 'EAST', surname: '[redacted]' },
  })
  expect(found[0]!.candidateVersion).toMatch(/^2\.\d+$/) // of the epoch in which its mirror began
})

test('so is one that came back from a dump as it was, of which only the version differs', async () => {
  const { _id, ...document } = (await collection().findOne({ _id: 2 } as Document))!
  await written(2)
  await collection().replaceOne({ _id } as Document, { ...document, body: 'written' })
  await read('{ patient(id: 2) { body } }')
  expect(told()).toEqual(['version  2'])
  expect(found[0]).toMatchObject({ control: {}, candidate: {}, controlVersion: '0.0' })
})

test('so is one whose other fields were replaced than those that are read', async () => {
  await written(3)
  await collection().replaceOne({ _id: 3 } as Document, { ...patients[2], _id: 3, body: 'written', ward: 'NORTH' })
  await read('{ patient(id: 3) { body } }')
  expect(found).toMatchObject([{ kind: 'version', control: { ward: 'NORTH' }, candidate: { ward: 'EAST' } }])
})

test('so is a row that is ahead of its document', async () => {
  await written(4)
  await inPostgres(`update patients set _cf_counter = _cf_counter + 1, body = 'ahead' where id = 4`)
  await read('{ patients(filter: { n: { eq: 3 } }) { edges { node { body } } } }')
  expect(found).toMatchObject([{ kind: 'version', control: { body: 'written' }, candidate: { body: 'ahead' } }])
})

test('records that are written all the time are no finding', async () => {
  const writer = async (): Promise<void> => {
    for (let n = 0; n < 40; n++) await api.ask(write, { id: 1 + (n % 3), body: `turn ${n}` })
  }
  const reader = async (): Promise<void> => {
    for (let n = 0; n < 40; n++) await api.ask('{ patients(by: "body") { totalCount edges { node { id body } } } }')
  }
  await Promise.all([writer(), reader(), reader()])
  await api.gateway.routing.shadow.idle()
  expect(found).toEqual([])
  expect(api.gateway.routing.shadow.statistics.of('Patient')).toMatchObject({ diverged: 0, failed: 0 })
})
