import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'
import { Patient, patients, schema } from './patients.ts'

let api: SmallGateway
beforeEach(async () => {
  api = await openSmallGateway(schema, Patient, patients as unknown as Document[], { captures: false })
})
afterEach(() => api.close())

const mapping = mappingDigest(Patient)

async function read(query: string): Promise<void> {
  expect(await api.ask(query)).not.toHaveProperty('errors')
  await api.gateway.routing.shadow.idle()
}

/** The share of reads that is compared. */
async function sample(samplePercent: number, stage: Stage = 'shadow'): Promise<void> {
  const ledgers = { mongo: api.stores.mongo.ledger, postgres: api.stores.postgres.ledger }
  await setStage({ ledgers, log: () => undefined, sweep: async () => 0 }, { type: 'Patient', stage, samplePercent })
  await api.gateway.routing.flags.refresh()
}

const coverage = async (sinceEpoch = 1): Promise<string[]> =>
  (await api.stores.postgres.findings.coverage('Patient', mapping, sinceEpoch)).map(
    ({ resolver, path, read, compared, matched }) => `${resolver} ${path || '(whole)'}: ${read} ${compared} ${matched}`,
  )

test('what clients ask for is counted by field and resolver, sampled or not, and what was compared of it beside', async () => {
  await sample(0)
  await read('{ patients { totalCount edges { node { body visits { room } } } } }')
  await read('{ patient(id: 1) { n } }')
  await sample(100)
  await read('{ patient(id: 1) { n ward } a: patient(id: 99) { n } }')
  expect(await coverage()).toEqual([
    'Query.patients.totalCount (whole): 1 0 0',
    'Query.patients body: 1 0 0',
    'Query.patient n: 2 1 1',
    'Query.patients visits: 1 0 0',
    'Query.patients visits.room: 1 0 0',
    'Query.patient ward: 1 1 1',
  ])
})

test('a stage that compares nothing counts nothing, and each epoch counts for itself', async () => {
  await read('{ patient(id: 1) { n } }')
  const { epoch } = api.gateway.routing.flags.get('Patient')
  await api.setStage('live')
  const { epoch: next } = api.gateway.routing.flags.get('Patient')
  expect(next).toBeGreaterThan(epoch)
  expect(await coverage(next)).toEqual([])
  await read('{ patient(id: 1) { n } }')
  expect(await coverage(next)).toEqual(['Query.patient n: 1 1 1'])
  expect(await coverage(epoch)).toEqual(['Query.patient n: 2 2 2'])
  expect(await api.stores.postgres.findings.comparisons('Patient', mapping, next)).toEqual({ matched: 1 })
  await api.setStage('rampdown')
  await read('{ patient(id: 1) { n } }')
  expect(await coverage(next)).toEqual(['Query.patient n: 1 1 1'])
})

test('a gateway that runs learns within seconds what somebody has accepted, and that it was dropped', async () => {
  await changeUnseen(api.stores, sql`update patients set body = 'changed' where id = 1`)
  const { findings, triage } = api.stores.postgres
  const since = api.gateway.routing.flags.get('Patient').epoch
  const counts = () => findings.comparisons('Patient', mapping, since)
  await read('{ patient(id: 1) { body } }')
  expect(await counts()).toEqual({ diverged: 1 })
  const [group] = await findings.groups()
  const until = new Date(Date.now() + 86_400_000)
  await triage.judge(group!.fingerprint, { verdict: 'noise', by: 'Ann', why: 'known', until, isHereOnly: false })
  await sleep(3_100)
  await read('{ patient(id: 1) { body } }')
  await read('{ patients { edges { node { body } } } }')
  expect(await counts()).toEqual({ diverged: 1, noise: 2 })
  expect(await findings.groups()).toEqual([])
  expect((await findings.groups('covered')).map(({ count }) => count)).toEqual([2, 1])
  await triage.drop((await triage.rules())[0]!.name, 'Ann', 'not known after all')
  await sleep(3_100)
  await read('{ patient(id: 1) { body } }')
  expect(await counts()).toEqual({ diverged: 2, noise: 2 })
  expect(await findings.groups()).toHaveLength(2)
})
