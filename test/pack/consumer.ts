import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Said } from '../support/run-command.ts'

type Environment = Readonly<Record<string, string>>

/** What scripts and tests of ours set, and a user does not. */
const ours =
  /^(NODE_OPTIONS|NODE_ENV|INIT_CWD|VITEST.*|npm_(package|lifecycle|config_local_prefix).*|MONGODB_URI|DATABASE_URL)$/

const environment: Environment = {
  ...(Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))) as Environment),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_prefer_offline: 'true',
  npm_config_update_notifier: 'false',
}

/** Runs commands of a shell to their end. */
export function run(commands: string, cwd: string, env: Environment = {}): Promise<Said> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...environment, ...env }, maxBuffer: 1 << 24 }
    execFile('sh', ['-ec', commands], options, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error ? Number(error.code ?? 1) : 0 }),
    )
  })
}

/** Runs commands that must succeed. @throws Error with what they said. */
export async function mustRun(commands: string, cwd: string, env?: Environment): Promise<string> {
  const { stdout, stderr, code } = await run(commands, cwd, env)
  if (code !== 0) throw new Error(`${commands.trim()}\nexits with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

/** A folder with an app of somebody who has the package from the registry. */
export interface Consumer {
  readonly folder: string
  /** `npm install`, with the packed tarball for `crossfade`, and for others the versions that are tried here. */
  install(names: string): Promise<void>
  remove(): void
}

const { resolve } = createRequire(import.meta.url)

function installedVersion(name: string): string {
  let folder = dirname(resolve(name))
  while (!folder.endsWith(join('node_modules', name))) folder = dirname(folder)
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version
}

/** Our own tests run on 16. */
const others: Readonly<Record<string, string>> = { graphql: '17.1.0', '@graphql-tools/schema': '11.0.6' }

/** The same command line with a version at each name. */
export const withVersions = (command: string, tarball: string): string =>
  command.replace(/(npm install\b.*)/g, (line) =>
    line
      .split(' ')
      .map((word, index) => {
        if (index < 2 || word.startsWith('-')) return word
        return word === 'crossfade' ? tarball : `${word}@${others[word] ?? installedVersion(word)}`
      })
      .join(' '),
  )

export function openConsumer(tarball: string): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'crossfade-consumer-'))
  return {
    folder,
    install: async (names) => void (await mustRun(withVersions(`npm install ${names}`, tarball), folder)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** `crossfade serve`, as it runs in the folder of an app. */
export interface Served {
  readonly url: string
  /** From its start to its first answer, in milliseconds. */
  readonly firstAnswerMs: number
  ask(query: string): Promise<unknown>
  stop(): Promise<void>
}

/** @throws Error with what it said, where it ends before it listens. */
export async function serve(cwd: string, env: Environment): Promise<Served> {
  const began = performance.now()
  // A group of its own: npx does not hand every signal on
  const child = spawn('npx', ['crossfade', 'serve'], {
    cwd,
    env: { ...environment, PORT: '0', ADMIN_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = once(child, 'exit')
  let text = ''
  const url = await new Promise<string>((found, reject) => {
    const hear = (chunk: Buffer): void => {
      text += String(chunk)
      const listens = /listens at (http:\S+\/graphql)/.exec(text)?.[1]
      if (listens) found(listens)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => reject(new Error(text)))
  })
  const ask = async (query: string): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })
    return response.json()
  }
  await ask('{ __typename }')
  return {
    url,
    firstAnswerMs: Math.round(performance.now() - began),
    ask,
    async stop() {
      process.kill(-child.pid!, 'SIGTERM')
      await ended
    },
  }
}

/** Bytes of all files of a folder. */
export function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
