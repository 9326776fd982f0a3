import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** What a browser is given at one path. */
export interface ConsoleFile {
  readonly type: string
  readonly bytes: Buffer
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** Nothing but its own files, and nobody's frame: what the page shows, and the token that it holds, are nobody else's. */
export const consoleHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * The console as it was built, by path; empty where it was not. All of it is read at once, so that no path that somebody
 * asks for leads anywhere.
 */
export function consoleFiles(directory: string): ReadonlyMap<string, ConsoleFile> {
  const assets = join(directory, 'assets')
  if (!existsSync(assets)) return new Map()
  const page = { type: 'text/html; charset=utf-8', bytes: readFileSync(join(directory, 'index.html')) }
  const files = readdirSync(assets).flatMap((name): [string, ConsoleFile][] => {
    const type = types[extname(name)]
    return type ? [[`/assets/${name}`, { type, bytes: readFileSync(join(assets, name)) }]] : []
  })
  return new Map([['/', page], ...files])
}
