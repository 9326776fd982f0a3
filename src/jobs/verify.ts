import { z } from 'zod'
import { authorityOf, ledgersOf, markFresh, noFlag, readCopies } from '../control/flag-store.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { isOpen, issueGroups } from '../evidence/accepted-issues.ts'
import { verifiedKinds } from '../evidence/verified.ts'
import { everything } from '../query/where.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { type Ledger, overwrite, parseAs } from '../stores/ledger.ts'
import { unlessAborted } from '../util/aborted.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import type { Origin } from '../util/origin.ts'
import { type Asked, askedRecords } from './asked-records.ts'
import type { DifferenceGroup, RecordDifference } from './differences-found.ts'
import { findIssues } from './ensure-constraints.ts'
import { overtaken } from './overtaken.ts'
import { patiently } from './patience.ts'
import { type DifferenceKind, patienceWith } from './settle-records.ts'
import { untilOwed } from './until-owed.ts'
import { Verification, type VerifyOptions } from './verification.ts'
import { VerifyCheckpoints } from './verify-checkpoint.ts'
import type { RelationsFound } from './verify-relations.ts'
import { type Duplicate, verifyUnique } from './verify-unique.ts'

/** A kind of data issue, and how many records have it. */
export interface OpenIssue {
  readonly path: string
  readonly rule: string
  readonly count: number
}

/** What was compared, when, and what was found: it is said of nothing else. */
export interface Verified {
  readonly type: string
  /** The store with authority, which the other one was held against. */
  readonly authority: Origin
  readonly epoch: number
  /** Of the mapping that the records were read by, see `mappingDigest`. */
  readonly mapping: string
  /** Which part of the type was asked for; null where it was all of it. */
  readonly asked: Asked | null
  /** By the clock of this host. */
  readonly began: string
  readonly ended: string
  /** Records of the authority that were held against the mirror. */
  readonly compared: number
  readonly different: Readonly<Record<DifferenceKind, number>>
  /**
   * Those among them whose rows have an old value in a column, and the present one among what is unmapped, where an app
   * with an earlier mapping has put it.
   */
  readonly oldColumns: number
  /**
   * Records that differ in nothing but what rules of `mismatches triage` cover, and documents without a record that
   * `issues accept` was said of; they are in none of the other counts.
   */
  readonly accepted: number
  /** Those among them that are documents without a record. */
  readonly acceptedDocuments: number
  /** Names of the rules that were in force for it: what they cover counts as accepted no longer than they do. */
  readonly rules: readonly string[]
  /** The same by kind and paths, most frequent first. */
  readonly groups: readonly DifferenceGroup[]
  /** Records that were owed or changed each time that they were looked at. */
  readonly undecided: number
  /** Documents that have no record, so that nothing could be compared. */
  readonly quarantined: number
  /** Null where they were not looked for: a part of a type does not tell. */
  readonly duplicates: readonly Duplicate[] | null
  readonly relations: RelationsFound
  /**
   * Data issues that nobody has accepted, most frequent first, but for documents without a record: references that lead
   * nowhere in either store are among them. Null where they were not looked for: of a part, or where there is no mirror.
   */
  readonly issues: readonly OpenIssue[] | null
  /** Some of those that differ. */
  readonly examples: readonly RecordDifference[]
}

const maxExamples = 20

/** Whether the mirror holds what the authority does, of what was compared, or what somebody has accepted for it. */
const isEqual = ({ different, undecided, quarantined }: Verified): boolean =>
  Object.values(different).every((count) => count === 0) && undecided + quarantined === 0

/** Whether there was anything in the part that was asked for; a whole type may have no records. */
export const isOfSomething = ({ asked, compared, different }: Verified): boolean =>
  asked === null || compared + different.extra > 0

/** The same, of something, and each value is unique that is to be, and what is referred to is in both stores. */
export const isClean = (found: Verified): boolean =>
  isEqual(found) &&
  isOfSomething(found) &&
  (found.duplicates ?? []).length === 0 &&
  found.relations.dangling.length + found.relations.undecided === 0

/** What a verification found to differ, and of what that is said. */
interface KeptDifferences {
  readonly began: string
  readonly epoch: number
  readonly isWhole: boolean
  readonly differences: readonly RecordDifference[]
}

const differencesForm: z.ZodType<KeptDifferences> = z.object({
  began: z.string(),
  epoch: z.number(),
  isWhole: z.boolean(),
  differences: z.array(
    z.object({
      id: z.union([z.string(), z.number()]),
      kind: z.enum(['missing', 'extra', 'content', 'version']),
      paths: z.array(z.string()),
      versions: z.tuple([z.string().nullable(), z.string().nullable()]),
    }),
  ),
})

/** What the last verification found to differ, of a whole type or a part; null where there was none. */
export async function lastDifferences(ledger: Ledger, { name }: Entity) {
  const entry = await ledger.get(verifiedKinds.differences, name)
  return entry && parseAs(differencesForm, entry.value)
}

/** The types that were looked for in both stores: what their tables lack is nowhere. */
function targetsOf({ entity, entities = [] }: VerifyOptions, { unchecked }: RelationsFound): readonly Entity[] {
  const looked = [...entity.leaves.values()].filter(({ path }) => !unchecked.includes(path))
  return entities.filter(({ name }) => looked.some(({ references }) => references === name))
}

async function openIssues({ stores: { postgres }, entity }: VerifyOptions): Promise<OpenIssue[]> {
  const open = (await issueGroups(postgres, entity)).filter(isOpen)
  return open.map(({ path, rule, count }) => ({ path, rule, count }))
}

const isOfDocuments = ({ path }: OpenIssue): boolean => path === '_id'

const keep = (ledger: Ledger, kind: string, type: string, value: object): Promise<void> =>
  overwrite(ledger, kind, type, JSON.parse(JSON.stringify(value)) as Json)

/**
 * Holds the records of the store with authority against the other store, and looks for those that the other one has
 * alone. Memory is bounded by batches of bytes. A run over a whole type that was
 * cut off is gone on with, see `VerifyCheckpoints`. What was found is kept in the ledger of the authority; a mirror all of
 * which was found equal is fresh. References that lead nowhere and duplicates become data issues, those that are mended end.
 *
 * @throws TRY_AGAIN where authority moved meanwhile; MISCONFIGURED where there is no flag, or nothing was examined though
 * there are documents; BAD_USER_INPUT for a part that cannot be asked for.
 */
export const verify = (options: VerifyOptions): Promise<Verified> => unlessAborted(options.signal, run(options))

async function run(options: VerifyOptions): Promise<Verified> {
  const { stores, entity, part = {} } = options
  const { name: type } = entity
  const key = flagKeyOf(entity)
  const { flag } = await readCopies(ledgersOf(stores), key)
  if (!flag) throw noFlag(key)
  const authority = authorityOf(flag)
  const records = await askedRecords(entity, stores[authority], stores.mongo, part)
  const { asked } = records
  const isKept = STAGE_PLAN[flag.stage].mirror !== null
  const mayBecomeFresh = asked === null && flag.fresh === null && isKept
  if (mayBecomeFresh) await untilOwed(options, flag)
  const rules = await stores.postgres.triage.rulesInForce()
  const { ledger } = stores[authority]
  const mapping = mappingDigest(entity)
  const ruled = rules.map(({ kind, path, resolver, verdict }) => [kind, path, resolver, verdict])
  const checkpointsOf = (unchecked: readonly string[]): VerifyCheckpoints =>
    new VerifyCheckpoints(ledger, entity, [flag.epoch, mapping, ruled, [...unchecked]], options.keepMs)
  const verification = new Verification(options, authority, records, rules, asked === null ? checkpointsOf : null)
  const relations = await verification.run()
  const unique = asked === null ? await verifyUnique(stores, verification.pair, options) : null
  const { began, compared, oldColumns, undecided, quarantined } = verification
  const { different, kept: differences, groups } = verification.found
  // What took hours is not lost to a store that does not answer for a moment
  const surely = <T>(work: () => Promise<T>): Promise<T> => patiently(patienceWith(verification.pair, options), work)
  const looksForIssues = asked === null && isKept
  if (looksForIssues) await surely(() => findIssues(stores, entity, targetsOf(options, relations)))
  const open = looksForIssues || quarantined > 0 ? await surely(() => openIssues(options)) : []
  // Of documents without a record somebody has accepted all that there are, or none
  const acceptedDocuments = open.some(isOfDocuments) ? 0 : quarantined
  const accepted = verification.accepted + acceptedDocuments
  const { flag: after } = await surely(() => readCopies(ledgersOf(stores), key))
  if (after?.epoch !== flag.epoch) throw overtaken(type)
  if (asked === null && compared + quarantined === 0 && (await stores[authority].reader.count(entity, everything)) > 0)
    throw new CrossfadeError('MISCONFIGURED', `${type}: nothing was compared, though ${authority} has records.`)
  const found: Verified = {
    type,
    authority,
    epoch: flag.epoch,
    mapping,
    asked,
    began,
    ended: new Date().toISOString(),
    compared,
    different,
    oldColumns,
    accepted,
    acceptedDocuments,
    rules: rules.filter((rule) => rule.type === type && rule.resolver === null).map(({ name }) => name),
    groups,
    undecided: undecided + (unique?.undecided ?? 0),
    quarantined: quarantined - acceptedDocuments,
    duplicates: unique?.duplicates ?? null,
    relations,
    issues: looksForIssues ? open.filter((issue) => !isOfDocuments(issue)) : null,
    examples: differences.slice(0, maxExamples),
  }
  options.signal?.throwIfAborted() // who was told that it was stopped finds no result of it
  const { examples: _, ...kept } = found
  const last = { began, epoch: flag.epoch, isWhole: asked === null, differences }
  await surely(async () => {
    await keep(ledger, asked === null ? verifiedKinds.whole : verifiedKinds.part, type, kept)
    await keep(ledger, verifiedKinds.differences, type, last)
    if (asked === null) await checkpointsOf(relations.unchecked).drop()
  })
  // Who accepts a difference does not say that no write was lost in it
  if (mayBecomeFresh && isEqual(found) && accepted === 0) await markFresh(ledgersOf(stores), key, type, flag.epoch)
  return found
}
