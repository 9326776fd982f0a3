import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { kill } from '../src/control/kill-file.ts'
import type { Stage } from '../src/stage/stage.ts'
import { type Origin, origins } from '../src/util/origin.ts'
import { type TcpProxy, tcpProxy } from '../test/support/tcp-proxy.ts'
import { type Fixture, say, withFixture } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'
import type { Told } from './trouble-gateway.ts'

const gateways = 3
/** Seconds before, while and after a store is in trouble; questions a second, of each kind. */
const seconds = { before: 1, during: 5, after: 4 }
const all = seconds.before + seconds.during + seconds.after
const aSecond = 10

interface Kind {
  readonly query: string
  readonly variables: object
}

/** What was asked within one second, by what became of it. */
interface Second {
  ok: number
  stale: number
  refused: number
  unknown: number
  failed: number
  readonly ms: number[]
}

interface Trouble {
  begin(): void
  end(): void
}

/** A server with all of its processes: those of PostgreSQL's sessions are its children. */
function processesOf(pid: number): number[] {
  try {
    const children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
    return [pid, ...children.flatMap(processesOf)]
  } catch {
    return [pid] // pgrep finds none
  }
}

const troublesOf = (pid: number, proxy: TcpProxy): Readonly<Record<string, Trouble>> => {
  let stopped: number[] = []
  const signal = (name: NodeJS.Signals): void => {
    for (const each of stopped) process.kill(each, name)
  }
  return {
    'hung (SIGSTOP)': {
      begin() {
        stopped = processesOf(pid)
        signal('SIGSTOP')
      },
      end: () => signal('SIGCONT'),
    },
    'slow (400 ms)': { begin: () => proxy.delay(400), end: () => proxy.delay(0) },
    'half-open': { begin: () => proxy.strand(), end: () => undefined },
  }
}

async function ask(url: string, kind: Kind, second: Second): Promise<void> {
  const began = performance.now()
  const headers = { 'content-type': 'application/json', 'x-client-id': 'bench' }
  const answer = fetch(url, { method: 'POST', headers, body: JSON.stringify(kind) }).then((response) => response.json())
  const { errors, extensions } = (await answer.catch(() => ({ errors: [{}] }))) as {
    readonly errors?: readonly { readonly extensions?: { readonly code: string } }[]
    readonly extensions?: object
  }
  second.ms.push(performance.now() - began)
  const code = errors?.[0]?.extensions?.code
  if (!errors) second[extensions ? 'stale' : 'ok']++
  else if (code === 'UNKNOWN_OUTCOME') second.unknown++
  else if (code === 'UNAVAILABLE' || code === 'TRY_AGAIN') second.refused++
  else second.failed++
}

/** Asks the gateways in turn, ten times a second, whether or not they answer; counts by the second of the question. */
async function client(urls: readonly string[], kind: Kind): Promise<Second[]> {
  const told = Array.from({ length: all }, () => ({ ok: 0, stale: 0, refused: 0, unknown: 0, failed: 0, ms: [] }))
  const asked: Promise<void>[] = []
  const began = performance.now()
  for (let n = 0; n < all * aSecond; n++) {
    asked.push(ask(urls[n % urls.length]!, kind, told[Math.floor(n / aSecond)]!))
    await sleep(Math.max(0, began + ((n + 1) * 1_000) / aSecond - performance.now()))
  }
  await Promise.all(asked)
  return told
}

const shown = (told: readonly Second[]): string =>
  told
    .map(({ ok, stale, refused, unknown, failed, ms }) => {
      const counts = Object.entries({ '': ok, s: stale, r: refused, u: unknown, f: failed }).filter(([, n]) => n > 0)
      return `${counts.map(([mark, n]) => `${n}${mark}`).join('+')}/${Math.round(median(ms))}`
    })
    .map((cell) => cell.padEnd(12))
    .join(' ')

interface Gateways {
  readonly urls: readonly string[]
  /** Resolves when the kill switch is on, or off, in all of them. */
  killed(on: boolean): Promise<void>
  stop(): Promise<void>
}

async function startGateways(
  proxies: Readonly<Record<Origin, TcpProxy>>,
  { uris, dataDir }: Fixture,
): Promise<Gateways> {
  const through = origins.map((origin) => {
    const uri = new URL(uris[origin])
    uri.port = String(proxies[origin].port)
    return uri.href
  })
  const children: ChildProcess[] = []
  const urls: string[] = []
  const isKilled = new Map<ChildProcess, boolean>()
  for (let n = 0; n < gateways; n++) {
    const program = new URL('./trouble-gateway.ts', import.meta.url)
    const child = fork(program, [...through, dataDir], { execArgv: ['--conditions=@crossfade/source'] })
    children.push(child)
    const [told] = (await once(child, 'message')) as [Told]
    if ('url' in told) urls.push(told.url)
    child.on('message', (told: Told) => 'isKilled' in told && isKilled.set(child, told.isKilled))
  }
  return {
    urls,
    async killed(on) {
      while (!children.every((child) => (isKilled.get(child) ?? false) === on)) await sleep(2)
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
    },
  }
}

/**
 * What clients see, second by second, of a store that is hung, slow or half-open, through three gateways: of a type in
 * `shadow`, `live` and `off`, and of another whose authority is the other store. And how long until `stage kill` holds on
 * all of them meanwhile. Prints a table, and one line of JSON.
 */
export function trouble(only: string): Promise<Row[]> {
  return withFixture(async (fixture) => {
    const { stores, uris, pids, dataDir, movieId, move, copy } = fixture
    if (!pids.mongo || !pids.postgres)
      throw new Error('trouble stops the servers, and stops none of others: unset MONGODB_URI and DATABASE_URL.')
    const proxies = {
      mongo: await tcpProxy(Number(new URL(uris.mongo).port)),
      postgres: await tcpProxy(Number(new URL(uris.postgres).port)),
    }
    await copy()
    const running = await startGateways(proxies, fixture)
    const userId = String((await stores.mongo.connection.db.collection('users').findOne({}))!._id)
    const kinds: Readonly<Record<string, Kind>> = {
      'reads of it': { query: 'query ($id: ID!) { movie(id: $id) { title } }', variables: { id: movieId } },
      'writes of it': {
        query: 'mutation ($id: ID!) { rateMovie(id: $id, rating: 5) { movie { id } } }',
        variables: { id: movieId },
      },
      'reads of another': { query: 'query ($id: ID!) { user(id: $id) { name } }', variables: { id: userId } },
      'writes of another': {
        query: 'mutation ($id: ID!) { setPreferences(userId: $id, preferences: { a: 1 }) { user { id } } }',
        variables: { id: userId },
      },
    }
    const measured: object[] = []
    const legend = 'a cell is a second: answered, s stale, r refused, u unknown, f failed / p50 in ms'
    process.stdout.write(
      `trouble: ${seconds.before} s before, ${seconds.during} s during, ${seconds.after} s after; ${legend}\n`,
    )
    await move('shadow', 0)
    try {
      for (const [stage, other] of [
        ['shadow', 'live'],
        ['live', 'shadow'],
        ['off', 'live'],
      ] as const satisfies readonly (readonly [Stage, Stage])[]) {
        if (stage === 'off') await move('shadow', 0, ['Movie'])
        await move(stage, 0, ['Movie'])
        await move(other, 0, ['User'])
        for (const store of origins)
          for (const [name, { begin, end }] of Object.entries(troublesOf(pids[store], proxies[store]))) {
            const title = `${stage}, ${store} ${name}`
            if (!title.includes(only)) continue
            const asked = Promise.all(Object.values(kinds).map((kind) => client(running.urls, kind)))
            await sleep(seconds.before * 1_000)
            let killMs = 0
            begin()
            try {
              await sleep(seconds.during * 1_000 - 500)
              const began = performance.now()
              kill(dataDir, 'all', true)
              await running.killed(true)
              killMs = Math.round(performance.now() - began)
              kill(dataDir, 'all', false)
              await sleep(Math.max(0, 500 - killMs))
            } finally {
              end()
            }
            const told = await asked
            await running.killed(false)
            process.stdout.write(`${title}; stage kill held on ${gateways} gateways after ${killMs} ms\n`)
            for (const [index, kind] of Object.keys(kinds).entries())
              process.stdout.write(`  ${kind.padEnd(18)} ${shown(told[index]!)}\n`)
            const seen = Object.fromEntries(
              Object.keys(kinds).map((kind, index) => [
                kind,
                told[index]!.map(({ ms, ...counts }) => ({ ...counts, p50: Math.round(median(ms)) })),
              ]),
            )
            measured.push({ stage, store, trouble: name, killMs, seen })
            await sleep(4_000) // until both stores are up by their watches
          }
      }
    } finally {
      await running.stop()
      await Promise.all([proxies.mongo.stop(), proxies.postgres.stop()])
    }
    process.stdout.write(`${JSON.stringify({ bench: 'trouble', gateways, seconds, measured })}\n`)
    say(`${measured.length} troubles measured`)
    return []
  })
}
