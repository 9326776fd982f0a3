import type { Document } from 'mongodb'
import { type Flag, parseFlag } from '../../src/control/flag.ts'
import { newer } from '../../src/control/flag-store.ts'
import { STAGE_PLAN } from '../../src/stage/stage.ts'
import type { Servers } from './model-stores.ts'

/** What is so, as no place in the world can see it: of both servers at one moment. */
export function flagOf({ mongo, postgres }: Servers): Flag {
  const copiesOf = (key: string): (Flag | null)[] => [
    parsed(mongo.state.get('_crossfade_ledger')?.documents.get(JSON.stringify(`flag/${key}`))?.['value']),
    parsed(postgres.state.ledger.get(`flag ${key}`)?.value),
  ]
  // A history has the one or the other
  return ['Doc', 'papers'].flatMap(copiesOf).reduce(newer)!
}

/** What was parsed, by the values as they are stored: those never change in place, and are asked for at each event. */
const known = new WeakMap<object, Flag | null>()
let latest: { readonly text: string; readonly flag: Flag | null } = { text: '', flag: null }

function parsed(value: unknown): Flag | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') {
    if (latest.text !== value) latest = { text: value, flag: parseFlag(JSON.parse(value)) }
    return latest.flag
  }
  if (!known.has(value as object)) known.set(value as object, parseFlag(value))
  return known.get(value as object)!
}

export const isMirrored = (servers: Servers): boolean => STAGE_PLAN[flagOf(servers).stage].mirror !== null

const documents = ({ mongo }: Servers, name: string): Document[] => [
  ...(mongo.state.get(name)?.documents.values() ?? []),
]

const unseen = ({ _cf }: Document): boolean => _cf?.arriving || _cf?.deleted

/** What puts and deletes have left unseen where MongoDB is read or mirrored to. */
export const unseenIn = (servers: Servers): number =>
  flagOf(servers).stage === 'complete'
    ? 0
    : [...documents(servers, 'docs'), ...documents(servers, 'twins')].filter(unseen).length

/** Marks in both stores, and what puts have left unseen. */
export function owedIn(servers: Servers): number {
  const all = [...documents(servers, 'docs'), ...documents(servers, 'twins')]
  const unsettled = all.filter((each) => each['_cf']?.pending || unseen(each))
  const dead = documents(servers, '_crossfade_tombstones').filter(({ pending }) => pending)
  return unsettled.length + dead.length + servers.postgres.state.notes.size
}

/** Both servers' records, in lines. */
export const described = (servers: Servers): string[] => [
  ...['docs', 'twins', '_crossfade_tombstones']
    .flatMap((name) => documents(servers, name))
    .map((each) => `mongo ${JSON.stringify(each)}`),
  ...[...servers.postgres.state.rows.values()].map((each) => `postgres ${JSON.stringify(each)}`),
  `postgres tombstones ${JSON.stringify([...servers.postgres.state.tombstones])}`,
  `flag ${JSON.stringify(flagOf(servers))}`,
]
