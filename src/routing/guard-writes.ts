import type { Findings } from '../stores/findings.ts'
import type { ForeignChanges } from '../stores/foreign-changes.ts'
import type { Ledger } from '../stores/ledger.ts'
import type { DataIssues } from '../stores/postgres/data-issues.ts'
import type { Authority, Outbox, Replica, Source } from '../stores/store.ts'
import type { Triage } from '../stores/triage.ts'
import type { Origin } from '../util/origin.ts'
import type { Stores } from './routing.ts'

/** Which calls of a part change what its store keeps: all of them are named, so that none is forgotten. */
type Effects<Part> = Readonly<Record<keyof Part, 'reads' | 'writes'>>

const authority: Effects<Authority> = {
  create: 'writes',
  patch: 'writes',
  delete: 'writes',
  together: 'writes',
  owe: 'writes',
  bury: 'writes',
  settleHidden: 'writes',
  restamp: 'writes',
  images: 'reads',
}
const replica: Effects<Replica> = { bulkPut: 'writes', settleArriving: 'writes', unfit: 'reads', isTaken: 'reads' }
const outbox: Effects<Outbox> = {
  owed: 'reads',
  images: 'reads',
  clear: 'writes',
  backlog: 'reads',
  backlogs: 'reads',
  owedFor: 'reads',
  buriedAt: 'reads',
  expireTombstones: 'writes',
}
const ledger: Effects<Ledger> = {
  get: 'reads',
  list: 'reads',
  compareAndSet: 'writes',
  remove: 'writes',
  claim: 'writes',
  release: 'writes',
  append: 'writes',
  tail: 'reads',
  lines: 'reads',
  line: 'reads',
  lengths: 'reads',
  length: 'reads',
  expire: 'writes',
  forget: 'writes',
}
const foreignChanges: Effects<ForeignChanges> = {
  follow: 'reads',
  isLost: 'reads',
  whyImpossible: 'reads',
  now: 'reads',
  touch: 'writes',
  bury: 'writes',
}
const dataIssues: Effects<DataIssues> = {
  quarantine: 'writes',
  keepOut: 'writes',
  findDangling: 'writes',
  findDuplicates: 'writes',
  retriable: 'reads',
  refresh: 'writes',
  end: 'writes',
  counts: 'reads',
  ofKind: 'reads',
  of: 'reads',
  forget: 'writes',
}
const findings: Effects<Findings> = {
  add: 'writes',
  groups: 'reads',
  search: 'reads',
  show: 'reads',
  ofRecord: 'reads',
  recent: 'reads',
  close: 'writes',
  undecided: 'reads',
  verdicts: 'reads',
  recentVerdicts: 'reads',
  lastChange: 'reads',
  comparisons: 'reads',
  coverage: 'reads',
  failures: 'reads',
  timings: 'reads',
  clearTimings: 'writes',
  clear: 'writes',
  expire: 'writes',
  forget: 'writes',
}
const triage: Effects<Triage> = {
  judge: 'writes',
  assign: 'writes',
  comment: 'writes',
  notes: 'reads',
  rules: 'reads',
  rulesInForce: 'reads',
  drop: 'writes',
}

type Check = () => void | Promise<void>
type Call = (...args: readonly unknown[]) => Promise<unknown>

/** The same part, whose writes begin behind the check. */
function guarded<Part extends object>(part: Part, effects: Effects<Part>, check: Check): Part {
  const calls = part as Readonly<Record<string, Call>>
  const names = Object.keys(effects).filter((name) => effects[name as keyof Part] === 'writes')
  const behind = names.map((name): [string, Call] => [
    name,
    async (...args) => {
      await check()
      return calls[name]!(...args)
    },
  ])
  return { ...part, ...Object.fromEntries(behind) }
}

const guardedSource = <S extends Source>(source: S, check: Check): S => ({
  ...source,
  outbox: guarded(source.outbox, outbox, check),
})

function guardedStore<S extends Stores[Origin]>(store: S, check: Check): S {
  return {
    ...guardedSource(store, check),
    candidate: guardedSource(store.candidate, check),
    control: guardedSource(store.control, check),
    authority: guarded(store.authority, authority, check),
    replica: guarded(store.replica, replica, check),
    ledger: guarded(store.ledger, ledger, check),
  }
}

/**
 * The same stores, each of whose writes begins behind the check: clients' writes, puts, marks, flags, signs of life,
 * claims, and what is only about the move. What a migration does by statements of its own is its caller's to check.
 */
export function guardWrites({ mongo, postgres }: Stores, check: (origin: Origin) => void | Promise<void>): Stores {
  const ofMongo: Check = () => check('mongo')
  const ofPostgres: Check = () => check('postgres')
  return {
    mongo: {
      ...guardedStore(mongo, ofMongo),
      foreignChanges: guarded(mongo.foreignChanges, foreignChanges, ofMongo),
    },
    postgres: {
      ...guardedStore(postgres, ofPostgres),
      dataIssues: guarded(postgres.dataIssues, dataIssues, ofPostgres),
      findings: guarded(postgres.findings, findings, ofPostgres),
      triage: guarded(postgres.triage, triage, ofPostgres),
    },
  }
}
