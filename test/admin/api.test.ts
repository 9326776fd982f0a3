import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Role } from '../../src/control/role.ts'
import { verify } from '../../src/jobs/verify.ts'
import { closeConflict, keptConflicts } from '../../src/mirror/kept-conflicts.ts'
import type { Replayed } from '../../src/replay/replayed.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { changeUnseen } from '../support/stores.ts'
import { Note, type OpenedAdmin, openAdmin } from './opened-admin.ts'
import { tooMany } from './too-many.ts'

let opened: OpenedAdmin
let api: OpenedAdmin['api']

beforeAll(async () => {
  opened = await openAdmin()
  ;({ api } = opened)
  const group = { type: 'Note', resolver: 'Query.note', kind: 'divergence', count: 3, firstMs: 0, lastMs: 0 } as const
  await api.stores.postgres.findings.add({
    ...nothingSeen,
    groups: [
      {
        ...group,
        fingerprint: 'abc123',
        path: 'text',
        examples: [{ subject: 'id 1', id: '1', agoMs: 0, example: { control: 'a', candidate: 'b' } }],
      },
      { ...group, fingerprint: 'def456', path: 'other', count: 1, examples: [] },
    ],
  })
}, 60_000)
afterAll(() => opened?.close())

interface Answer {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

async function ask(query: string, role: Role = 'viewer', variables: object = {}, url = opened.url): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${opened.secrets[role]}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as Answer
}

/** What is wrong, by code and message. */
const wrong = async (...asked: Parameters<typeof ask>): Promise<string> => {
  const [error] = (await ask(...asked)).errors ?? []
  return `${error?.extensions?.code}: ${error?.message}`
}

test('a type is told with its flag, what it owes, and what its next stage asks for', async () => {
  const { data, errors } = await ask(`{
    me { name role }
    silent { store }
    types {
      name
      killedAs
      flag { key members stage state target epoch authority reads candidate readPercent samplePercent returned { why } desired isLost }
      owed { owed oldest deadLetters conflicts }
      latency { mongo { reads } }
      coverage { fields { field readBy { resolver } } isProved }
      evidence { from to gates { gate met } signOff { by } report }
    }
  }`)
  expect(errors).toBeUndefined()
  const [type] = data!['types'] as { evidence: { gates: object[] } }[]
  expect(data).toMatchObject({
    me: { name: 'the-viewer', role: 'viewer' },
    silent: [],
    types: [
      {
        name: 'Note',
        killedAs: [],
        flag: {
          key: 'Note',
          members: ['Note'],
          stage: 'shadow',
          state: 'steady',
          target: null,
          authority: 'mongo',
          reads: 'mongo',
          candidate: 'postgres',
          readPercent: 0,
          returned: null,
          desired: null,
          isLost: false,
        },
        owed: { owed: 0, oldest: null, deadLetters: 0, conflicts: 0 },
        latency: null,
        coverage: {
          fields: [
            { field: 'secret', readBy: [] },
            { field: 'text', readBy: [] },
          ],
          isProved: true,
        },
        evidence: {
          from: 'shadow',
          to: 'live',
          signOff: null,
          report: expect.stringMatching(/^## Note: shadow → live\n\nEpoch 2, /),
        },
      },
    ],
  })
  expect(type!.evidence.gates).toContainEqual({ gate: 'verified', met: false })
})

test('differences are found, shown, judged and closed, by the name of the token', async () => {
  const list = `{ mismatches(text: "QUERY.note", first: 1) { total groups { name path count kind isBug } } }`
  expect(await ask(list)).toEqual({
    data: {
      mismatches: {
        total: 2,
        groups: [{ name: 'abc123', path: 'text', count: 3, kind: 'divergence', isBug: false }],
      },
    },
  })
  const until = new Date(Date.now() + 86_400_000).toISOString()
  expect(await ask('mutation { assign(group: "abc", to: "Cyd") { assignee } }', 'qa')).toEqual({
    data: { assign: { assignee: 'Cyd' } },
  })
  expect(await ask('mutation { comment(group: "abc", text: "since May") { name } }', 'operator')).toEqual({
    data: { comment: { name: 'abc123' } },
  })
  const judge = `mutation ($until: DateTime) { judge(group: "abc", verdict: noise, why: "spaces", until: $until) { rule { verdict until by } } }`
  expect(await ask(judge, 'qa', { until })).toEqual({
    data: { judge: { rule: { verdict: 'noise', until, by: 'the-qa' } } },
  })
  expect(await ask('{ mismatches { total } covered: mismatches(state: covered) { total } rules { group } }')).toEqual({
    data: { mismatches: { total: 1 }, covered: { total: 1 }, rules: [{ group: 'abc123' }] },
  })
  expect(await ask('{ mismatch(group: "abc") { notes { by act text } examples { id example } } }')).toEqual({
    data: {
      mismatch: {
        notes: [
          { by: 'the-qa', act: 'assigned', text: 'Cyd' },
          { by: 'the-operator', act: 'comment', text: 'since May' },
          { by: 'the-qa', act: 'noise', text: 'spaces' },
        ],
        examples: [{ id: '1', example: { control: 'a', candidate: 'b' } }],
      },
    },
  })
  expect(await ask('mutation { recheck(group: "abc") { id state paths } }', 'qa')).toEqual({
    data: { recheck: [{ id: '1', state: 'agrees', paths: [] }] },
  })
  expect(await ask('mutation { close(group: "def", why: "mended") { closedWhy } }', 'qa')).toEqual({
    data: { close: { closedWhy: 'mended' } },
  })
  expect(await ask('{ mismatches { total } mismatch(group: "nope") { notes { by } } }')).toEqual({
    data: { mismatches: { total: 0 }, mismatch: null },
  })
})

test('counts of the last hours are told of groups and of types', async () => {
  const verdict = { type: 'Note', mapping: 'm', epoch: 1, count: 8 }
  const verdicts = ['matched', 'lag', 'diverged'].map((each) => ({ ...verdict, verdict: each }))
  await api.stores.postgres.findings.add({ ...nothingSeen, verdicts })
  const look = `{ mismatches(state: null) { groups { name recent(hours: 2) } }
    mismatch(group: "abc") { group { recent } } types { recent(hours: 1) { compared diverged } } }`
  expect(await ask(look)).toEqual({
    data: {
      mismatches: {
        groups: [
          { name: 'abc123', recent: [0, 3] },
          { name: 'def456', recent: [0, 1] },
        ],
      },
      mismatch: { group: { recent: [...new Array(23).fill(0), 3] } },
      types: [{ recent: [{ compared: 16, diverged: 8 }] }],
    },
  })
  expect(await wrong('{ mismatch(group: "abc") { group { recent(hours: 169) } } }')).toBe(
    'BAD_USER_INPUT: hours must be between 0 and 168.',
  )
})

test('a record is told as both stores have it', async () => {
  const look = `query ($id: String!) { record(type: "Note", id: $id) {
    mongo { isOwed isDeleted issues { path } } postgres { isOwed isDeleted } fields { path mongo postgres differs } others
    findings { group resolver kind path } } }`
  expect(await ask(look, 'viewer', { id: '1' })).toEqual({
    data: {
      record: {
        mongo: { isOwed: false, isDeleted: false, issues: [] },
        postgres: { isOwed: false, isDeleted: false },
        fields: [
          { path: 'text', mongo: 'a', postgres: 'a', differs: false },
          { path: 'secret', mongo: '[redacted]', postgres: '[redacted]', differs: false },
        ],
        others: [],
        findings: [{ group: 'abc123', resolver: 'Query.note', kind: 'divergence', path: 'text' }],
      },
    },
  })
  await changeUnseen(api.stores, sql`update notes set text = 'b' where id = 1`)
  const { data } = await ask(look, 'viewer', { id: '1' })
  expect(data).toMatchObject({
    record: { fields: [{ path: 'text', mongo: 'a', postgres: 'b', differs: true }, { path: 'secret' }] },
  })
  await changeUnseen(api.stores, sql`update notes set text = 'a' where id = 1`)
  expect(await ask(look, 'viewer', { id: '7' })).toEqual({
    data: { record: { mongo: null, postgres: null, fields: [], others: [], findings: [] } },
  })
  expect(await wrong(look, 'viewer', { id: 'x' })).toContain('BAD_USER_INPUT')
})

test('what could not be carried is told, and accepted by name', async () => {
  const list = '{ issues(type: "Note") { type group path count ids accepted { count by why } } }'
  const { data } = await ask(list)
  const [issue] = data!['issues'] as { group: string }[]
  expect(data!['issues']).toEqual([
    { type: 'Note', group: expect.any(String), path: 'text', count: 1, ids: ['2'], accepted: null },
  ])
  const accept = `mutation { acceptIssues(type: "Note", group: "${issue!.group}", why: "an old test") { accepted { count by why } } }`
  expect(await ask(accept, 'qa')).toEqual({
    data: { acceptIssues: { accepted: { count: 1, by: 'the-qa', why: 'an old test' } } },
  })
  expect(await wrong('mutation { acceptIssues(type: "Note", group: "zzz", why: "x") { group } }', 'qa')).toContain(
    'Note has no group of issues zzz',
  )
})

test('an operator changes a stage, sees how it goes, and why it is refused', async () => {
  const changes = '{ changes { key by lines endedAt error } }'
  const ended = async (): Promise<Record<string, unknown>> => {
    const found = async () => ((await ask(changes)).data!['changes'] as Record<string, unknown>[])[0]!
    await expect.poll(async () => (await found())['endedAt'], { timeout: 90_000, interval: 200 }).not.toBeNull()
    return found()
  }
  const go = (rest: string): Promise<Answer> =>
    ask(`mutation { setStage(type: "Note", ${rest}) { key by endedAt } }`, 'operator')
  expect(await go('stage: live')).toEqual({ data: { setStage: { key: 'Note', by: 'the-operator', endedAt: null } } })
  expect(await ended()).toMatchObject({ error: expect.stringContaining('verified') })
  await go('stage: live, force: true, why: "a test", noOtherWriters: true')
  expect(await ended()).toMatchObject({
    key: 'Note',
    error: null,
    lines: expect.arrayContaining(['Note: live, epoch 3']),
  })
  expect((await ask('{ history(last: 1) { value } }')).data!['history']).toMatchObject([
    { value: { from: 'shadow', to: 'live', why: 'a test', forced: true, by: 'the-operator' } },
  ])
  await go('stage: shadow, noOtherWriters: true')
  expect(await ended()).toMatchObject({ error: null })
  expect(await wrong('mutation { setStage(type: "Note", force: true) { key } }', 'operator')).toBe(
    'BAD_USER_INPUT: force needs why: the history tells who took what risk.',
  )
  expect(await wrong('mutation { setStage(type: "Note", readPercent: 10) { key } }', 'operator')).toContain('subject')
  expect(await wrong('mutation { setStage(type: "Note", samplePercent: 101) { key } }', 'operator')).toBe(
    'BAD_USER_INPUT: samplePercent must be between 0 and 100.',
  )
}, 200_000)

test('an operator repairs the records of a group, and sees before what that does', async () => {
  await changeUnseen(api.stores, sql`update notes set text = 'b' where id = 1`)
  const repair = `mutation ($isDryRun: Boolean!) { repair(type: "Note", group: "abc", isDryRun: $isDryRun) {
    records unequal { id kind paths } undecided put keptOut left { id } } }`
  const unequal = [{ id: '1', kind: 'content', paths: ['text'] }]
  const nothing = { undecided: [], keptOut: [], left: [] }
  expect(await ask(repair, 'operator', { isDryRun: true })).toEqual({
    data: { repair: { records: 1, unequal, put: 0, ...nothing } },
  })
  expect(await ask(repair, 'operator', { isDryRun: false })).toEqual({
    data: { repair: { records: 1, unequal, put: 1, ...nothing } },
  })
  expect((await ask(repair, 'operator', { isDryRun: true })).data).toMatchObject({ repair: { unequal: [] } })
  expect(await wrong('mutation { repair(type: "Note", group: "zzz") { put } }', 'operator')).toContain(
    'No one group of Note begins with zzz',
  )
})

test('a copy is told, and an operator has it wait, or go by another rate', async () => {
  const look = '{ copies { type from total seen copied done ended isPaused limit slow owners ranges rangesDone } }'
  const { data } = await ask(look)
  const copy = {
    type: 'Note',
    from: 'mongo',
    seen: 2,
    copied: 2,
    done: true,
    ended: expect.any(String),
    slow: [],
    owners: [],
  }
  expect(data!['copies']).toMatchObject([{ ...copy, isPaused: false, limit: null }])
  const control = (rest: string): Promise<Answer> => ask(`mutation { controlCopy(type: "Note", ${rest}) }`, 'operator')
  expect(await control('isPaused: true, limit: 500')).toEqual({ data: { controlCopy: true } })
  expect((await ask(look)).data!['copies']).toMatchObject([{ isPaused: true, limit: 500 }])
  await control('isPaused: false')
  expect((await ask(look)).data!['copies']).toMatchObject([{ isPaused: false, limit: 500 }])
  await control('limit: 0')
  expect((await ask(look)).data!['copies']).toMatchObject([{ limit: null }])
  expect(await wrong('mutation { controlCopy(type: "Note", limit: -1) }', 'operator')).toContain(
    'limit must be between',
  )
})

test('an operator tries what the other store refuses again, or gives it up', async () => {
  expect(await ask('mutation { retry(type: "Note") { mirrored refused owed } }', 'operator')).toEqual({
    data: { retry: { mirrored: [], refused: [], owed: 0 } },
  })
  expect(await wrong('mutation { drop(type: "Note", id: "1", why: "x") }', 'operator')).toBe(
    'BAD_USER_INPUT: Note 1 has no dead letter that mongo owes.',
  )
})

test('replaced copies are counted for both stores, until somebody closes them', async () => {
  const conflicts = async (): Promise<unknown> => (await ask('{ types { owed { conflicts } } }')).data
  const said = (n: number): object => ({ types: [{ owed: { conflicts: n } }] })
  const { stores } = api
  // What other tests have replaced
  for (const { id, origin } of await keptConflicts(stores, Note))
    await stores[origin].ledger.forget('conflict', `Note/${id}`)
  for (const { ledger } of [stores.mongo, stores.postgres]) await ledger.append('conflict', 'Note/7', { record: null })
  await stores.mongo.ledger.append('conflict', 'Notes/7', { record: null })
  expect(await conflicts()).toEqual(said(2))
  const [kept] = await keptConflicts(stores, Note)
  await closeConflict(stores[kept!.origin].ledger, kept!, { keep: 'authority', why: 'x' })
  expect(await conflicts()).toEqual(said(1))
})

test('a name is put to what is proved, with a reason where gates are not met', async () => {
  expect(await wrong('mutation { sign(type: "Note", to: live) { to } }', 'qa')).toMatch(
    /^BAD_USER_INPUT: \d gates are not met \(.*verified.*\)\. Say why Note is signed all the same \(`why`\)\.$/,
  )
  const { data } = await ask(
    'mutation { sign(type: "Note", to: live, why: "seen") { to signOff { by why epoch } } }',
    'qa',
  )
  expect(data).toMatchObject({ sign: { to: 'live', signOff: { by: 'the-qa', why: 'seen' } } })
  expect(await ask('{ types { evidence(to: live) { signOff { by } } } }')).toEqual({
    data: { types: [{ evidence: { signOff: { by: 'the-qa' } } }] },
  })
})

test('who may look changes nothing, and QA kills nothing', async () => {
  const changes = [
    'comment(group: "abc", text: "x") { name }',
    'assign(group: "abc", to: "x") { name }',
    'judge(group: "abc", verdict: bug, why: "x") { name }',
    'dropRule(rule: "abc", why: "x") { name }',
    'close(group: "abc", why: "x") { name }',
    'recheck(group: "abc") { id }',
    'sign(type: "Note") { to }',
    'acceptIssues(type: "Note", group: "a", why: "x") { group }',
  ]
  for (const change of changes)
    expect(await wrong(`mutation { ${change} }`)).toBe(
      'FORBIDDEN: A token of the role qa may do this; yours is viewer.',
    )
  const kill = 'mutation { kill(type: "Note", on: true) { killed untold } }'
  const operations = [
    kill,
    'mutation { setStage(type: "Note", stage: live) { key } }',
    'mutation { retry(type: "Note") { owed } }',
    'mutation { repair(type: "Note", group: "abc") { put } }',
    'mutation { controlCopy(type: "Note", isPaused: true) }',
    'mutation { drop(type: "Note", id: "1", why: "x") }',
  ]
  for (const operation of operations)
    expect(await wrong(operation, 'qa')).toBe('FORBIDDEN: A token of the role operator may do this; yours is qa.')
  expect(await ask(kill, 'qa')).toMatchObject({ errors: [{ path: ['kill'] }] })
  expect(opened.killed.names).toEqual([])
  expect(await ask(kill, 'operator')).toEqual({ data: { kill: { killed: ['Note'], untold: [] } } })
  expect(await ask('{ types { killedAs } }')).toEqual({ data: { types: [{ killedAs: ['Note'] }] } })
  expect(await ask('mutation { kill(type: "all", on: false) { killed } }', 'operator')).toEqual({
    data: { kill: { killed: [] } },
  })
  expect(opened.logged).toContain('the-operator Note true')
  expect(await wrong('mutation { kill(type: "Nope", on: true) { killed } }', 'operator')).toBe(
    'BAD_USER_INPUT: There is no type Nope.',
  )
})

test('what makes no sense is refused with what to do', async () => {
  const judge = (rest: string): Promise<string> =>
    wrong(`mutation { judge(group: "abc", why: "x", ${rest}) { name } }`, 'qa')
  expect(await judge('verdict: accepted')).toBe('BAD_USER_INPUT: What is accepted has an end: say until.')
  expect(await judge('verdict: noise, until: "2020-01-01"')).toBe(
    'BAD_USER_INPUT: until must lie ahead, within 366 days.',
  )
  expect(await judge('verdict: bug, hereOnly: true')).toBe(
    'BAD_USER_INPUT: A bug makes no rule: leave out until and hereOnly.',
  )
  expect(await judge('verdict: noise, until: "soon"')).toContain('It must be a time as 2026-12-31T12:00:00Z')
  const comment = 'mutation ($text: String!) { comment(group: "abc", text: $text) { name } }'
  expect(await wrong(comment, 'qa', { text: ' ' })).toBe('BAD_USER_INPUT: text says nothing.')
  expect(await wrong(comment, 'qa', { text: 'a\0' })).toBe('BAD_USER_INPUT: text holds a NUL character.')
  expect(await wrong(comment, 'qa', { text: 'a'.repeat(2_001) })).toBe(
    'BAD_USER_INPUT: text is longer than 2000 characters.',
  )
  expect(await wrong('mutation { comment(group: "zzz", text: "x") { name } }', 'qa')).toBe(
    'BAD_USER_INPUT: No one group begins with zzz.',
  )
  expect(await wrong('{ mismatches(first: 201) { total } }')).toBe('BAD_USER_INPUT: first must be between 0 and 200.')
  expect(await wrong('{ mismatches(skip: -1) { total } }')).toContain('skip must be between 0 and')
  expect(await wrong('{ mismatches(text: "\\u0000") { total } }')).toBe('BAD_USER_INPUT: text holds a NUL character.')
  expect(await wrong('{ types(names: ["Noet"]) { name } }')).toBe(
    'BAD_USER_INPUT: There is no type Noet; there are Note. Did you mean "Note"?',
  )
  expect(await wrong(`{ ${'a: me { name } '.repeat(300)} }`)).toContain('Parsing aborted')
  const large = await fetch(`${opened.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${opened.secrets.viewer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ me { name } }', variables: { text: 'a'.repeat(100_000) } }),
  })
  expect(large.status).toBe(413)
  expect((await fetch(`${opened.url}/graphql`, { method: 'POST', body: '{}' })).status).toBe(401)
})

test('with PostgreSQL down it tells what MongoDB knows, and says what it cannot know', async () => {
  const dead = postgresStore({ uri: 'postgres://127.0.0.1:1/nothing' })
  const other = await opened.open({ mongo: api.stores.mongo, postgres: dead })
  try {
    const { data, errors } = await ask(
      '{ silent { store why } types { name flag { stage isLost } owed { owed } latency { mongo { reads } } } history { key } }',
      'viewer',
      {},
      other.url,
    )
    expect(data).toMatchObject({
      silent: [{ store: 'postgres', why: expect.stringMatching(/^PostgreSQL at .*ECONNREFUSED/) }],
      types: [{ name: 'Note', flag: { stage: 'shadow', isLost: false }, owed: { owed: 0 }, latency: null }],
    })
    expect((data!['history'] as object[])[0]).toEqual({ key: 'Note' })
    expect(errors).toMatchObject([
      {
        path: ['types', 0, 'latency'],
        message: expect.stringMatching(/^PostgreSQL at/),
        extensions: { code: 'UNAVAILABLE' },
      },
    ])
  } finally {
    await other.close()
    await dead.close()
  }
})

test('QA has a type verified, sees how it goes, stops it, and is told what was found', async () => {
  const query =
    '{ verifications { type by compared total unequal endedAt error found { isClean missing examples { id kind } } } }'
  const last = async () => ((await ask(query)).data!['verifications'] as { endedAt: string | null }[])[0]
  const ended = () => expect.poll(async () => (await last())?.endedAt, { timeout: 20_000 }).toBeTruthy()
  const start = 'mutation { verify(type: "Note") { type by endedAt } }'
  expect(await wrong(start)).toBe('FORBIDDEN: A token of the role qa may do this; yours is viewer.')
  expect(await wrong('mutation { verify(type: "Nope") { type } }', 'qa')).toContain('There is no type Nope')

  opened.jobs.verify = (_, { signal, onProgress }) => {
    onProgress({ compared: 500, before: 0, total: 2_000, unequal: 3, retried: 0 })
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  expect(await ask(start, 'qa')).toEqual({ data: { verify: { type: 'Note', by: 'the-qa', endedAt: null } } })
  expect(await last()).toEqual({
    type: 'Note',
    by: 'the-qa',
    compared: 500,
    total: 2_000,
    unequal: 3,
    endedAt: null,
    error: null,
    found: null,
  })
  expect(await wrong(start, 'qa')).toBe('TRY_AGAIN: Note is being verified; see how that ends, and try again.')
  const stop = 'mutation { stopVerify(type: "Note") }'
  expect(await ask(stop, 'qa')).toEqual({ data: { stopVerify: true } })
  await ended()
  expect(await last()).toMatchObject({ error: 'It was stopped: nothing was verified.', found: null })
  expect(await ask(stop, 'qa')).toEqual({ data: { stopVerify: false } })

  await changeUnseen(api.stores, sql`delete from notes where id = 1`)
  opened.jobs.verify = (_, watching) => verify({ stores: api.stores, entity: Note, ...watching })
  await ask(start, 'qa')
  await ended()
  expect(await last()).toMatchObject({
    compared: 2,
    unequal: 1,
    error: null,
    found: { isClean: false, missing: 1, examples: [{ id: '1', kind: 'missing' }] },
  })
  expect(opened.logged).toContain('info the-qa has Note verified, by the admin port.')
})

test('what has changed is told as it happens, to whoever listens', async () => {
  const ended = new AbortController()
  const response = await fetch(`${opened.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${opened.secrets.viewer}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ query: 'subscription { changed(topics: [mismatches, types]) }' }),
    signal: ended.signal,
  })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const heard = async (topic: string): Promise<void> => {
    for (let text = ''; !text.includes(`{"data":{"changed":"${topic}"}}`); ) {
      const { done, value } = await reader.read()
      expect(done).toBe(false)
      text += value
    }
  }
  // Until the first look nobody knows what was before
  const commenting = setInterval(
    () => void ask('mutation { comment(group: "abc123", text: "more") { name } }', 'qa'),
    1_000,
  )
  await heard('mismatches').finally(() => clearInterval(commenting))
  await api.setStage('dualwrite')
  await heard('types')
  ended.abort()
})

test('evidence that one request selects under several names is looked at once', async () => {
  const get = vi.spyOn(api.stores.postgres.ledger, 'get')
  const looks = () => get.mock.calls.filter(([kind]) => kind === 'sign-off').length
  try {
    const { data, errors } = await ask('{ types { a: evidence(to: live) { to } b: evidence(to: live) { from } } }')
    expect([errors, data]).toMatchObject([undefined, { types: [{ a: { to: 'live' } }] }])
    expect(looks()).toBe(1)
    await ask('{ types { a: evidence(to: live) { to } b: evidence(to: rampdown) { to } } }')
    expect(looks()).toBe(3) // each request anew, and each stage
  } finally {
    get.mockRestore()
  }
})

test('whoever listens past the fiftieth is told to come again', async () => {
  const listening = Array.from({ length: 50 }, () => new AbortController())
  const listen = async (signal?: AbortSignal): Promise<Response> =>
    fetch(`${opened.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${opened.secrets.viewer}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ query: 'subscription { changed(topics: [types]) }' }),
      ...(signal && { signal }),
    })
  try {
    await Promise.all(listening.map(({ signal }) => listen(signal)))
    const refused = await listen()
    expect([refused.status, await refused.text()]).toEqual([200, tooMany])
  } finally {
    for (const each of listening) each.abort()
  }
})

test('with both stores down it says so of each, and what is killed', async () => {
  const stores = {
    mongo: mongoStore({ uri: 'mongodb://127.0.0.1:1/nothing' }),
    postgres: postgresStore({ uri: 'postgres://127.0.0.1:1/nothing' }),
  }
  const other = await opened.open(stores)
  try {
    await ask('mutation { kill(type: "Note", on: true) { killed } }', 'operator')
    expect(
      await ask('{ silent { store } types(names: ["Note", "Note"]) { name killedAs } }', 'viewer', {}, other.url),
    ).toEqual({
      data: {
        silent: [{ store: 'mongo' }, { store: 'postgres' }],
        types: [{ name: 'Note', killedAs: ['Note'] }],
      },
    })
  } finally {
    await ask('mutation { kill(type: "all", on: false) { killed } }', 'operator')
    await other.close()
    await Promise.all([stores.mongo.close(), stores.postgres.close()])
  }
})

const replayed: Replayed = {
  a: 'mongo',
  b: 'postgres',
  compared: 3,
  equal: 2,
  different: 1,
  ofNothing: 0,
  refusedAlike: 4,
  undecided: 0,
  unanswered: 0,
  skipped: { mutations: 5, subscriptions: 0, tokens: 6, unfit: 0, others: 7, stale: { Note: 8 } },
  leftOut: {},
  unreadable: 1,
  problems: [{ place: 'a.jsonl:9', text: 'it is cut off.' }],
  otherContract: false,
  groups: [
    {
      operation: 'One',
      path: 'note.text',
      kind: 'value',
      count: 1,
      examples: [
        {
          place: 'a.jsonl:2',
          at: 'note.text',
          a: 'x',
          b: 'y',
          records: [{ type: 'Note', id: '1', paths: ['text'], versions: ['1.2', '1.2'] }],
        },
      ],
    },
  ],
  times: [],
}

test('QA has what was recorded replayed, one at a time, and is told what differs and what was left out', async () => {
  const query = `{
    recorded { files bytes lastAt }
    replays {
      field by done different endedAt error
      found {
        isEqual compared equal different problems stale { type operations }
        notCompared { mutations tokens others refusedAlike }
        groups { operation path kind count examples { place at a b records { type id paths } } }
      }
    }
  }`
  const seen = async () => (await ask(query)).data as { replays: { endedAt: string | null }[] }
  const last = async () => (await seen()).replays[0]
  const ended = () => expect.poll(async () => (await last())?.endedAt, { timeout: 20_000 }).toBeTruthy()
  expect(await seen()).toEqual({ recorded: { files: 0, bytes: 0, lastAt: null }, replays: [] })
  opened.recordings = [
    { path: 'a.jsonl', bytes: 7, at: new Date(1_000) },
    { path: 'b.jsonl', bytes: 5, at: new Date(2_000) },
  ]
  expect(await seen()).toMatchObject({ recorded: { files: 2, bytes: 12, lastAt: '1970-01-01T00:00:02.000Z' } })

  const start = 'mutation { replay(field: "Query.note") { field by } }'
  expect(await wrong(start)).toBe('FORBIDDEN: A token of the role qa may do this; yours is viewer.')
  expect(await wrong('mutation { replay(field: "Query.nots") { by } }', 'qa')).toBe(
    'BAD_USER_INPUT: The contract has no field Query.nots. Did you mean "Query.note"?',
  )
  opened.jobs.replay = (_, { signal, onProgress }) => {
    onProgress({ done: 50, different: 2 })
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  expect(await ask(start, 'qa')).toEqual({ data: { replay: { field: 'Query.note', by: 'the-qa' } } })
  expect(await last()).toMatchObject({ field: 'Query.note', done: 50, different: 2, endedAt: null, found: null })
  expect(await wrong('mutation { replay { by } }', 'qa')).toBe(
    'TRY_AGAIN: What was recorded is being replayed; see how that ends, and try again.',
  )
  expect(await wrong('mutation { stopReplay }')).toBe('FORBIDDEN: A token of the role qa may do this; yours is viewer.')
  expect(await ask('mutation { stopReplay }', 'qa')).toEqual({ data: { stopReplay: true } })
  await ended()
  expect(await last()).toMatchObject({ error: 'It was stopped: nothing is known of it.', found: null })
  expect(await ask('mutation { stopReplay }', 'qa')).toEqual({ data: { stopReplay: false } })

  const asked: (string | null)[] = []
  opened.jobs.replay = async (field) => {
    asked.push(field)
    return replayed
  }
  expect(await ask('mutation { replay { field } }', 'qa')).toEqual({ data: { replay: { field: null } } })
  await ended()
  expect(asked).toEqual([null])
  expect(await last()).toMatchObject({
    error: null,
    found: {
      isEqual: false,
      compared: 3,
      equal: 2,
      different: 1,
      problems: ['a.jsonl:9: it is cut off.'],
      stale: [{ type: 'Note', operations: 8 }],
      notCompared: { mutations: 5, tokens: 6, others: 7, refusedAlike: 4 },
      groups: [
        {
          operation: 'One',
          path: 'note.text',
          kind: 'value',
          count: 1,
          examples: [
            {
              place: 'a.jsonl:2',
              at: 'note.text',
              a: 'x',
              b: 'y',
              records: [{ type: 'Note', id: '1', paths: ['text'] }],
            },
          ],
        },
      ],
    },
  })
})
