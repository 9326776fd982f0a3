import { globSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { cycles } from './cycles.ts'
import { importsOf } from './imports.ts'

/** Rooms from the lowest rank up; rooms of one rank are peers. A new room under src needs a place here. */
const RANKS: readonly (readonly string[])[] = [
  ['util'],
  ['codec'],
  ['entity'],
  ['query'],
  ['stage', 'compare'],
  ['stores'],
  ['control'],
  ['shadow', 'mirror'],
  ['evidence', 'replay'],
  ['routing'],
  ['jobs', 'resolve', 'demo'],
  ['contract'],
  ['gateway', 'admin'],
  ['cli', 'main'],
]
/** Outside the ranks: it starts databases and knows nothing of the gateway. */
const ASIDE = 'embedded'

/** Folders in which an npm package may be imported; packages that aren't here may be imported anywhere. */
const HOMES: Record<string, readonly string[]> = {
  '@pothos/core': ['src/contract', 'schema', 'bench'],
  mongodb: ['src/stores/mongo', 'src/embedded', 'src/demo', 'bench'],
  pg: ['src/stores/postgres', 'migrations', 'src/embedded', 'bench'],
  'pg-copy-streams': ['src/stores/postgres', 'bench'],
  kysely: [
    'src/stores/postgres',
    'migrations',
    'src/embedded',
    'examples/sdl-first/migrations',
    'examples/shop/migrations',
  ],
}
const SCANNED = ['{src,schema,resolvers,demo,migrations,examples,bench}/**/*.{ts,mts,tsx}', 'crossfade.config.ts']
/** The package's entry points by the name that users import, each with the rooms that it shows nothing of. */
const ENTRIES: Record<string, { readonly file: string; readonly without: readonly string[] }> = {
  crossfade: { file: 'src/index.ts', without: ['contract', 'cli'] },
  'crossfade/pothos': { file: 'src/pothos.ts', without: ['gateway', 'cli'] },
}
/** Folders that an adopter edits, or could have written. */
const ADOPTERS: Record<string, readonly string[]> = {
  schema: ['schema'],
  resolvers: ['schema', 'resolvers'],
  demo: ['demo'],
  examples: ['examples'],
}
/** Folders that show how to do without an entry point. */
const WITHOUT: Record<string, string> = { 'examples/sdl-first/': 'crossfade/pothos' }

/**
 * Reads every module under a project's root and names each import that breaks the ranks of the architecture, each
 * cycle of modules, and each module it can't read. Type-only imports count. `modules` says how many were read, so
 * that a caller notices a check that read nothing.
 */
export function checkRanks(root: string): { modules: number; violations: string[] } {
  const modules = globSync(SCANNED, { cwd: root }).sort()
  const violations: string[] = []
  const graph = new Map<string, string[]>()

  for (const module of modules) {
    const targets: string[] = []
    for (const specifier of specifiersOf(module)) {
      const target = resolve(module, specifier)
      const fault = target === undefined ? packageFault(module, specifier) : fileFault(module, specifier, target)
      if (fault !== undefined) violations.push(`${module} imports ${specifier}: ${fault}`)
      if (target === undefined) continue
      targets.push(target)
      // Without its ending, a path would name no module and so escape the search for cycles.
      const file = statSync(join(root, target), { throwIfNoEntry: false })?.isFile() ?? false
      if (!file) violations.push(`${module} imports ${specifier}: no such file`)
    }
    graph.set(module, targets)
  }
  return { modules: modules.length, violations: [...violations, ...cycles(graph)] }

  function specifiersOf(module: string): Set<string> {
    try {
      return new Set(importsOf(readFileSync(join(root, module), 'utf8')))
    } catch (error) {
      violations.push(`${module} ${error instanceof Error ? error.message : error}`)
      return new Set()
    }
  }
}

/** The file in the project that a specifier means; undefined for npm packages and built-in modules. */
function resolve(module: string, specifier: string): string | undefined {
  const entry = ENTRIES[specifier]
  if (entry) return entry.file
  return /^\.{1,2}(\/|$)/.test(specifier) ? posix.join(posix.dirname(module), specifier) : undefined
}

function packageFault(module: string, specifier: string): string | undefined {
  if (/^([#/]|file:|crossfade\/)/.test(specifier)) return 'only relative paths, packages and crossfade can be checked'
  const homes = HOMES[/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '']
  if (homes === undefined || homes.some((home) => module.startsWith(`${home}/`))) return undefined
  return `only under ${homes.join(', ')}`
}

function fileFault(module: string, specifier: string, target: string): string | undefined {
  const from = module.split('/')[0] ?? ''
  const to = target.split('/')[0] ?? ''
  const adopted = ADOPTERS[from]
  if (adopted) {
    const avoided = Object.entries(WITHOUT).find(([folder]) => module.startsWith(folder))
    if (specifier === avoided?.[1]) return `${avoided[0]} does without it`
    // By path an entry point is the same file, but an adopter has only the package's name.
    if (adopted.includes(to) || Object.hasOwn(ENTRIES, specifier)) return undefined
    return `${from} imports crossfade, packages and ${adopted.join(', ')} only`
  }
  if (from !== 'src' || target === 'package.json') return undefined
  if (to !== 'src') return 'src imports nothing beside itself'
  if (entryOf(target)) return `${target} is for users of the package`
  const entry = entryOf(module)
  if (entry) return entry.without.includes(roomOf(target)) ? `it shows nothing of ${roomOf(target)}` : undefined
  return rankFault(roomOf(module), roomOf(target)) ?? twinFault(module, target)
}

const entryOf = (module: string) => Object.values(ENTRIES).find(({ file }) => file === module)

function rankFault(from: string, to: string): string | undefined {
  const [own, other] = [rankOf(from), rankOf(to)]
  if (from === to) return own < 0 && from !== ASIDE ? `room ${from} has no rank` : undefined
  if (from === ASIDE) return to === 'util' ? undefined : `${ASIDE} imports util only`
  if (to === ASIDE) return from === 'cli' ? undefined : `only cli imports ${ASIDE}`
  if (own < 0 || other < 0) return `room ${own < 0 ? from : to} has no rank`
  if (own === other) return `${from} and ${to} are peers`
  return own < other ? `${from} ranks below ${to}` : undefined
}

/** The stores are twins: neither knows the other, and what they share knows neither. */
function twinFault(module: string, target: string): string | undefined {
  const [from, to] = [module, target].map((path) => /^src\/stores\/(mongo|postgres)\//.exec(path)?.[1])
  if (!module.startsWith('src/stores/') || to === undefined || from === to) return undefined
  return from === undefined ? `what stores share imports neither of them` : `stores/${from} and stores/${to} are twins`
}

function rankOf(room: string): number {
  return RANKS.findIndex((peers) => peers.includes(room))
}

function roomOf(path: string): string {
  return path.split('/')[1]?.replace(/\.m?tsx?$/, '') ?? ''
}
