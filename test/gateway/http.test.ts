import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { Patient, schema } from './patients.ts'

const patients = new Map([[Patient, [{ _id: 1, ward: 'B' }]]])
const app = { schema, entities: [Patient], migrations: {} }
const question = JSON.stringify({ query: '{ __typename }' })
const answer = '{"data":{"__typename":"Query"}}'

let api: SmallGateway
/** Its time for a request is longer than a test waits. */
let patient: SmallGateway
const logged: string[] = []
beforeAll(async () => {
  const limits = { headersMs: 400, requestMs: 800 }
  api = await openAppGateway({ ...app, limits }, patients, { log: (_, message) => logged.push(message) })
  patient = await openAppGateway({ ...app, limits: { requestMs: 600_000 } }, patients)
})
afterAll(() => Promise.all([api?.close(), patient?.close()]))

/** What comes back on a connection until it is closed. */
function raw(text: string, { port } = new URL(api.gateway.url)): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('data', (data) => (received += data)).on('error', () => undefined)
    socket.on('close', () => resolve(received)).write(text)
  })
}

const post = (headers: Record<string, string>, body: BodyInit | null = question) =>
  fetch(api.gateway.url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)

const errorOf = (message: string): unknown => ({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })

/** A request in parts, and whether its connection lives once it is answered. */
function inParts(
  parts: Iterable<Buffer | string>,
  headers: Record<string, string> = {},
  { port } = new URL(api.gateway.url),
) {
  const all = { 'content-type': 'application/json', ...headers }
  const sent = httpRequest({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers: all })
  const closed = new Promise<void>((resolve) => void sent.on('close', resolve))
  const answered = new Promise<{ status?: number; text: string }>((resolve, reject) => {
    sent.on('error', reject).on('response', async (response: IncomingMessage) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode, text })
    })
  })
  for (const part of parts) sent.write(part)
  return { sent, answered, closed }
}

describe('a body', () => {
  const tooLarge = 'The body of the request is larger than 1000000 bytes (limits.bodyBytes). Send a smaller one.'

  test('of exactly the limit is answered', async () => {
    const response = await post({ 'content-type': 'application/json' }, question.padEnd(1_000_000))
    expect([response.status, (await response.text()).trim()]).toEqual([200, answer])
  })

  test('of one byte more is refused', async () => {
    const response = await post({ 'content-type': 'application/json' }, question.padEnd(1_000_001))
    expect(response.status).toBe(413)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await response.json()).toEqual(errorOf(tooLarge))
  })

  test.each(['application/json', 'application/graphql', 'application/x-www-form-urlencoded'])(
    'of %s that does not say how long it is gets counted while it arrives, and hung up where it goes on',
    async (type) => {
      const headers = { 'content-type': type, 'x-crossfade-csrf': '1' }
      const large = [Buffer.alloc(600_000, ' '), Buffer.alloc(600_000, ' ')]
      const { sent, answered, closed } = inParts(large, headers, new URL(patient.gateway.url))
      const { status, text } = await answered
      expect([status, JSON.parse(text)]).toEqual([413, errorOf(tooLarge)])
      sent.on('error', () => undefined)
      const goOn = setInterval(() => sent.write('  '), 50)
      await closed
      clearInterval(goOn)
    },
  )

  test('says that it is too long before it comes', async () => {
    const { answered } = inParts([''], { 'content-length': '900000000' })
    expect((await answered).status).toBe(413)
  })

  test('may come in parts that split a letter', async () => {
    const bytes = Buffer.from(JSON.stringify({ query: '{ __type(name: "漢") { name } }' }))
    const { sent, answered } = inParts([])
    for (const byte of bytes) sent.write(Buffer.of(byte))
    sent.end()
    expect((await answered).text.trim()).toBe('{"data":{"__type":null}}')
  })

  test('may come in many parts, and not in more than that', async () => {
    const few = inParts([])
    few.sent.write(question)
    for (let n = 0; n < 4_000; n++) few.sent.write(' ')
    few.sent.end()
    expect((await few.answered).text.trim()).toBe(answer)
    const many = inParts([])
    many.sent.on('error', () => undefined)
    many.sent.write(question)
    for (let n = 0; n < 10_000; n++) many.sent.write(' ')
    const { status, text } = await many.answered
    expect([status, JSON.parse(text)]).toEqual([413, errorOf('The body comes in more than 5000 parts.')])
  })

  test.each([
    'APPLICATION/JSON',
    'Application/json;charset=utf-8',
    'application/json\t; charset=utf-8',
    'application/GraphQL+json',
  ])('may be called %j', async (type) => {
    const response = await post({ 'content-type': type })
    expect([response.status, (await response.text()).trim()]).toEqual([200, answer])
  })

  test.each(['application/xml', 'text/html', 'application/graphql-response+json', 'json'])(
    'of %s is refused with what to send',
    async (type) => {
      const response = await post({ 'content-type': type })
      const text = 'The content type of the request is none that is answered here. Send application/json.'
      expect([response.status, await response.json()]).toEqual([415, errorOf(text)])
    },
  )

  test.each(['', '{', '"x"', 'null', '17', '\u0000', '{"query":'])('%j is a mistake of the client', async (body) => {
    const response = await post({ 'content-type': 'application/json' }, body)
    expect(response.status).toBe(400)
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] }
    expect(errors[0]!.extensions.code).toMatch(/^BAD_USER_INPUT$|^BAD_REQUEST$/)
  })

  test.each(['?query={__typename}&variables={', '?query={__typename}&extensions=x'])(
    'so is an address with %s',
    async (search) => {
      const response = await fetch(api.gateway.url + search)
      expect([response.status, await response.json()]).toEqual([
        400,
        errorOf('What the request gives as JSON cannot be read as such.'),
      ])
    },
  )

  test('may begin with a byte order mark', async () => {
    const response = await post({ 'content-type': 'application/json' }, `\uFEFF${question}`)
    expect([response.status, (await response.text()).trim()]).toEqual([200, answer])
  })

  test.each(['gzip', 'GZIP', 'identity, br', 'x'])('that is packed by %s is refused', async (encoding) => {
    const response = await post({ 'content-type': 'application/json', 'content-encoding': encoding })
    const packed = 'The body of the request has a Content-Encoding. Send it without.'
    expect([response.status, await response.json()]).toEqual([415, errorOf(packed)])
  })

  test('that says it is as it is, is taken', async () => {
    const response = await post({ 'content-type': 'application/json', 'content-encoding': 'identity' })
    expect(response.status).toBe(200)
  })

  test('that ends in the middle is no trouble of ours', async () => {
    logged.length = 0
    const { sent, answered } = inParts(['{"query":'], { 'content-length': '1000' })
    answered.catch(() => undefined)
    await sleep(50)
    sent.destroy()
    await sleep(100)
    expect(logged).toEqual([])
  })
})

describe('a client that takes its time', () => {
  const lateHeaders = 'The headers of the request took longer than 0.4 s to arrive (limits.headersMs).'
  const lateBody = 'The request took longer than 0.8 s to arrive (limits.requestMs).'
  const whole = `POST /graphql HTTP/1.1\r\nHost: a\r\ncontent-type: application/json\r\ncontent-length: ${question.length}\r\n\r\n${question}`
  test.each([
    ['with the headers', 'POST /graphql HTTP/1.1\r\nHost: a\r\n', lateHeaders],
    ['with the headers of a later request', `${whole}POST /graphql HTTP/1.1\r\nHost: a\r\n`, lateHeaders],
    ['with the body of a later request', `${whole}${whole.slice(0, -1)}`, lateBody],
    [
      'with the body',
      'POST /graphql HTTP/1.1\r\nHost: a\r\ncontent-type: application/json\r\ncontent-length: 40\r\n\r\n{',
      lateBody,
    ],
  ])('%s is told and hung up', async (_, text, late) => {
    const received = await raw(text)
    const [head, body] = received.slice(received.indexOf('HTTP/1.1 408 ')).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 408 /)
    expect(JSON.parse(body!)).toEqual(errorOf(late))
  })
})

describe('an address that is none', () => {
  const noAddress = 'The request has no valid address: look at its path and its Host.'
  const get = (target: string, host = 'Host: a\r\n') => `GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`

  test.each([
    ['a host with spaces', get('/graphql?query={__typename}', 'Host: a b c\r\n')],
    ['two hosts', get('/graphql?query={__typename}', 'Host: a\r\nhost: b\r\n')],
    ['the same host twice', get('/graphql?query={__typename}', 'Host: a\r\nHost: a\r\n')],
    ['an empty host', get('/graphql?query={__typename}', 'Host:\r\n')],
    ['no host', get('/graphql?query={__typename}', '')],
    ['a host with a user', get('/graphql', 'Host: a@b\r\n')],
    ['a host with a path', get('/graphql', 'Host: a/b\r\n')],
    ['a port that is none', get('/graphql', 'Host: a:99999\r\n')],
    ['half an IPv6 address', get('/graphql', 'Host: [::1\r\n')],
    ['an address for a path', get('http://[')],
    ['a whole address without a Host', get('http://a/graphql', '')],
    ['a whole address with a bad Host', get('http://a/graphql', 'Host: a b\r\n')],
    ['a whole address with a user', get('http://a@b/graphql')],
    ['a whole address without a host', get('http:///graphql')],
    ['a whole address of no HTTP', get('ftp://a/graphql')],
    ['a star', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['a host with spaces, asked for health', get('/healthz', 'Host: a b c\r\n')],
  ])('%s is answered with 400', async (_, text) => {
    const received = await raw(text)
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(received).toContain(JSON.stringify(errorOf(noAddress)))
  })

  test('a whole address without a path is that of the root', async () => {
    expect(await raw(get('http://a?query={__typename}'))).toMatch(/^HTTP\/1\.1 404 /)
  })

  test.each(['//', '/%', '/graphql/%zz', '/../etc/passwd', '/graphql%00'])('there is nothing at %s', async (path) => {
    const received = await raw(get(path))
    expect(received).toMatch(/^HTTP\/1\.1 404 /)
    expect(received).toContain(JSON.stringify(errorOf('There is nothing here: GraphQL is at /graphql.')))
  })

  test('what is expected and not known is refused', async () => {
    const received = await raw(get('/graphql?query={__typename}', 'Host: a\r\nExpect: a miracle\r\n'))
    expect(received).toMatch(/^HTTP\/1\.1 417 /)
    const message = 'The request expects what is not kept: of Expect, 100-continue alone is known.'
    expect(received).toContain(JSON.stringify(errorOf(message)))
  })

  test.each([
    ['a name', get('/graphql?query={__typename}', 'Host: api.example_1.com:4000\r\n')],
    ['an IPv6 address', get('/graphql?query={__typename}', 'Host: [::1]:4000\r\n')],
    ['a whole address, as proxies are sent', get('http://a/graphql?query={__typename}')],
    ['one whose host is another than Host says', get('HTTPS://b:81/graphql?query={__typename}')],
    ['HTTP/1.0 without a host', 'GET /graphql?query={__typename} HTTP/1.0\r\n\r\n'],
  ])('%s is one', async (_, text) => {
    expect(await raw(text)).toContain(answer)
  })

  test.each([
    'FOO /graphql HTTP/1.1\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'hello\r\n\r\n',
    '\u0000\r\n\r\n',
  ])('%j is no request', async (text) => {
    const received = await raw(text)
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(received).toContain(JSON.stringify(errorOf('This is no request that is answered here.')))
  })

  test('headers without end are refused', async () => {
    const received = await raw(get('/graphql', `Host: a\r\nx: ${'y'.repeat(20_000)}\r\n`))
    expect(received).toMatch(/^HTTP\/1\.1 431 /)
    expect(received).toContain(JSON.stringify(errorOf('The headers of the request are too large.')))
  })

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY', 'HEAD'])('%s is not allowed', async (method) => {
    expect((await fetch(api.gateway.url, { method })).status).toBe(405)
  })
})

describe('pages of other sites', () => {
  const forged =
    'The request has no content type, or one that a browser sends for any site. Send application/json; a form needs the header x-crossfade-csrf.'
  const form = 'application/x-www-form-urlencoded'

  test.each(['text/plain', 'TEXT/PLAIN; charset=application/json', form, 'multipart/form-data; boundary=x', ''])(
    'cannot have a browser send %j',
    async (type) => {
      const response = await post(type ? { 'content-type': type } : {}, Buffer.from(question))
      expect([response.status, await response.json()]).toEqual([415, errorOf(forged)])
    },
  )

  test.each(['x-crossfade-csrf', 'apollo-require-preflight', 'graphql-require-preflight'])(
    '%s makes it ask first',
    async (header) => {
      const response = await post({ 'content-type': form, [header]: '1' }, 'query={__typename}')
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
    },
  )

  test('no files are taken', async () => {
    const body = new FormData()
    body.set('operations', question)
    body.set('map', '{}')
    expect((await post({ 'x-crossfade-csrf': '1' }, body)).status).toBe(415)
  })

  test('mutations are not taken by GET', async () => {
    const query = encodeURIComponent('mutation { raise(id: 1, by: 1) { id } }')
    expect((await fetch(`${api.gateway.url}?query=${query}`)).status).toBe(405)
  })

  test('may not read answers, unless the config has it', async () => {
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' }
    const preflight = (url: string) => fetch(url, { method: 'OPTIONS', headers })
    const names = (response: Response) =>
      [...response.headers.keys()].filter((name) => name.startsWith('access-control'))
    expect(names(await preflight(api.gateway.url))).toEqual([])
    expect(names(await post({ ...headers, 'content-type': 'application/json' }))).toEqual([])
    const open = await openAppGateway({ ...app, cors: { origin: ['https://shop.example'] } }, patients)
    try {
      const allowed = await preflight(open.gateway.url)
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.example')
      const { url } = open.gateway
      const other = await fetch(url, { method: 'OPTIONS', headers: { ...headers, origin: 'https://evil.example' } })
      expect(other.headers.get('access-control-allow-origin')).not.toBe('https://evil.example')
    } finally {
      await open.close()
    }
  })

  test('no page is shown that loads programs', async () => {
    const response = await fetch(api.gateway.url, { headers: { accept: 'text/html' } })
    expect(response.status).toBe(406)
    expect(await response.text()).toBe('')
  })
})
