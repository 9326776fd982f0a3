import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { kill } from '../../src/control/kill-file.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'
import { Patient, patients, schema } from './patients.ts'

const exporter = new InMemorySpanExporter()
let api: SmallGateway
beforeAll(async () => {
  api = await openSmallGateway(schema, Patient, patients as unknown as Document[])
})
afterAll(async () => {
  trace.disable()
  context.disable()
  propagation.disable()
  await api?.close()
})
beforeEach(async () => {
  await api.gateway.routing.shadow.idle()
  exporter.reset()
})

const query = 'query One { patient(id: 5) { body } }'
const spans = () =>
  exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    under: exporter.getFinishedSpans().find((each) => each.spanContext().spanId === span.parentSpanContext?.spanId)
      ?.name,
    attributes: span.attributes,
  }))

test('without a provider requests are answered, and nothing is traced', async () => {
  expect(await api.ask(query)).not.toHaveProperty('errors')
  expect(spans()).toEqual([])
})

const named = (name: string) => spans().find((span) => span.name === name)

test('a request shows its reads and the calls of the stores, and no value', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
  await api.setStage('live')
  exporter.reset()
  expect(await api.ask(query)).not.toHaveProperty('errors')
  await expect.poll(() => spans().map(({ name }) => name)).toContain('query One')
  expect(spans()).toEqual([
    {
      name: 'byIds patients',
      under: 'read Patient',
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'byIds',
        'db.collection.name': 'patients',
      },
    },
    {
      name: 'read Patient',
      under: 'query One',
      attributes: {
        'crossfade.type': 'Patient',
        'crossfade.resolver': 'Query.patient',
        'crossfade.stage': 'live',
        'crossfade.store': 'postgres',
      },
    },
    {
      name: 'query One',
      under: undefined,
      attributes: { 'graphql.operation.type': 'query', 'graphql.operation.name': 'One' },
    },
  ])
})

/** The trace that a client names, as by https://www.w3.org/TR/trace-context/. */
const client = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' }

test('a write shows its step, what it waits for, and its put, below the span that the client names', async () => {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  await fetch(`${api.gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${client.trace}-${client.span}-01` },
    body: JSON.stringify({ query: 'mutation Note { write(id: 5, body: "a secret") { body } }' }),
  })
  await expect.poll(() => spans().map(({ name }) => name)).toContain('put Patient')
  await expect.poll(() => spans().map(({ name }) => name)).toContain('mutation Note')
  expect(named('mutation Note')).toEqual({
    name: 'mutation Note',
    under: undefined,
    attributes: { 'graphql.operation.type': 'mutation', 'graphql.operation.name': 'Note' },
  })
  expect(named('write Patient')).toEqual({
    name: 'write Patient',
    under: 'mutation Note',
    attributes: { 'crossfade.types': ['Patient'] },
  })
  expect(named('change Patient')).toEqual({
    name: 'change Patient',
    under: 'write Patient',
    attributes: { 'crossfade.type': 'Patient', 'crossfade.store': 'postgres' },
  })
  expect(named('wait for the mirror')).toMatchObject({ under: 'write Patient' })
  expect(named('put Patient')).toEqual({
    name: 'put Patient',
    under: 'write Patient',
    attributes: { 'crossfade.type': 'Patient', 'crossfade.store': 'mongo' },
  })
  for (const span of exporter.getFinishedSpans()) {
    expect(span.spanContext().traceId).toBe(client.trace)
    expect(JSON.stringify([span.name, span.attributes, span.events])).not.toContain('secret')
  }
  expect(exporter.getFinishedSpans().find(({ name }) => name === 'mutation Note')!.parentSpanContext?.spanId).toBe(
    client.span,
  )
})

test('a comparison is a trace of its own, linked to the read, and its differences name the trace of the request', async () => {
  await api.setStage('shadow')
  await changeUnseen(api.stores, sql`update patients set body = 'other' where id = 7`)
  exporter.reset()
  await api.ask('query Two { patient(id: 7) { body } }')
  await api.gateway.routing.shadow.idle()
  await expect.poll(() => spans().map(({ name }) => name)).toContain('compare Patient')
  const [read, comparison] = ['read Patient', 'compare Patient'].map((name) =>
    exporter.getFinishedSpans().find((span) => span.name === name),
  )
  expect(comparison!.parentSpanContext).toBeUndefined()
  expect(comparison!.attributes).toEqual({
    'crossfade.type': 'Patient',
    'crossfade.resolver': 'Query.patient',
    'crossfade.verdict': 'diverged',
  })
  expect(comparison!.links.map(({ context: { spanId } }) => spanId)).toEqual([read!.spanContext().spanId])
  const calls = exporter.getFinishedSpans().filter(({ name }) => name === 'byIds patients')
  expect(
    calls.map(({ attributes, parentSpanContext }) => [attributes['db.system.name'], parentSpanContext?.spanId]),
  ).toEqual(
    expect.arrayContaining([
      ['mongodb', read!.spanContext().spanId],
      ['postgresql', comparison!.spanContext().spanId],
    ]),
  )
  const { findings } = api.stores.postgres
  const group = (await findings.groups()).find(({ path }) => path === 'body')!
  const { examples } = (await findings.show(group.fingerprint))!
  expect(examples.map(({ example }) => example)).toMatchObject([{ traceId: read!.spanContext().traceId }])
})

test('a request that does not fit the contract is known by its name, and by what became of it', async () => {
  await api.ask('query Four { nothingOfTheKind }')
  await expect.poll(() => spans().map(({ name }) => name)).toContain('query Four')
  expect(named('query Four')!.attributes).toEqual({
    'graphql.operation.type': 'query',
    'graphql.operation.name': 'Four',
    'error.type': 'GRAPHQL_VALIDATION_FAILED',
  })
})

test('a read says that the kill switch was on', async () => {
  const { dataDir } = api
  kill(dataDir, 'Patient', true)
  await expect.poll(() => api.gateway.routing.killSwitch.isOn('Patient'), { timeout: 20_000 }).toBe(true)
  exporter.reset()
  await api.ask(query)
  await expect.poll(() => spans().map(({ name }) => name)).toContain('query One')
  expect(named('read Patient')!.attributes).toMatchObject({ 'crossfade.killed': true })
  kill(dataDir, 'Patient', false)
  await expect.poll(() => api.gateway.routing.killSwitch.isOn('Patient'), { timeout: 20_000 }).toBe(false)
})

test('a read that is left behind by its answer ends as well', async () => {
  const both = '{ a: patients(first: 1) { nodes: edges { node { body } } } b: patients(first: 101) { totalCount } }'
  expect(await api.ask(both)).toMatchObject({ errors: [{ path: ['b'] }] })
  await expect.poll(() => spans().map(({ name }) => name)).toContain('read Patient')
  expect(named('read Patient')!.attributes).toMatchObject({ 'error.type': 'UNAVAILABLE' })
})

test('an error is told by its code, and not by its message', async () => {
  await api.ask('query Three { patientBy(path: "secret of a client", value: "x") { body } }')
  await expect.poll(() => spans().map(({ name }) => name)).toContain('query Three')
  expect(named('query Three')!.attributes).toMatchObject({ 'error.type': 'INTERNAL_SERVER_ERROR' })
  for (const span of exporter.getFinishedSpans())
    expect(JSON.stringify([span.name, span.attributes, span.events, span.status])).not.toContain('secret')
})
