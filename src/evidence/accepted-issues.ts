import { z } from 'zod'
import { fingerprint } from '../compare/differences.ts'
import type { Entity } from '../entity/entity.ts'
import { type Ledger, parseAs } from '../stores/ledger.ts'
import type { DataIssues, IssueCount } from '../stores/postgres/data-issues.ts'
import { CrossfadeError } from '../util/errors.ts'

const kind = 'accepted-issues'
const log = 'accepted-issues'

/** What somebody has said of one kind of data issue: the type may move although there are so many. */
export interface AcceptedIssues {
  /** How many there were then: more than these are open again. */
  readonly count: number
  readonly by: string
  readonly why: string
  /** By the host's clock. */
  readonly at: string
  /** From when on they are open again, by the host's clock; null where that has no end. */
  readonly until: string | null
}

const form: z.ZodType<AcceptedIssues> = z.object({
  count: z.number(),
  by: z.string(),
  why: z.string(),
  at: z.string(),
  until: z.string().nullable().default(null), // earlier ones had no end
})

/** One kind of issue of a type, with what was said of it. */
export interface IssueGroup extends IssueCount {
  /** What `issues accept` names it by. */
  readonly group: string
  readonly accepted: AcceptedIssues | null
}

export const groupOf = ({ name }: Pick<Entity, 'name'>, { path, rule }: Pick<IssueCount, 'path' | 'rule'>): string =>
  fingerprint(name, 'issue', rule, path)

/** Whether what was accepted is over. */
export const isOver = ({ until }: AcceptedIssues): boolean => until !== null && Date.parse(until) <= Date.now()

/** Those that nobody has accepted, or of which there are more by now. */
export const isOpen = ({ accepted, count }: Pick<IssueGroup, 'accepted' | 'count'>): boolean =>
  accepted === null || count > accepted.count || isOver(accepted)

interface Kept {
  readonly dataIssues: DataIssues
  readonly ledger: Ledger
}

/** The data issues of a type by path and rule, most frequent first. */
export async function issueGroups({ dataIssues, ledger }: Kept, entity: Entity): Promise<IssueGroup[]> {
  const [counts, entries] = await Promise.all([dataIssues.counts(entity), ledger.list(kind)])
  const accepted = new Map(entries.map(({ key, value }) => [key, parseAs(form, value)]))
  return counts.map((count) => {
    const group = groupOf(entity, count)
    return { ...count, group, accepted: accepted.get(group) ?? null }
  })
}

/** A group, and the type that it is of. */
export interface GroupOfType {
  readonly entity: Entity
  readonly found: IssueGroup
}

/** The groups of some types whose names begin so. */
export async function groupsNamed(kept: Kept, entities: readonly Entity[], prefix: string): Promise<GroupOfType[]> {
  const ofType = async (entity: Entity) => (await issueGroups(kept, entity)).map((found) => ({ entity, found }))
  return (await Promise.all(entities.map(ofType))).flat().filter(({ found }) => found.group.startsWith(prefix))
}

/** The one group whose name begins so. @throws BAD_USER_INPUT where there is none, or more than one. */
export const issueGroup = async (kept: Kept, entity: Entity, prefix: string): Promise<IssueGroup> =>
  groupNamed(entity, await issueGroups(kept, entity), prefix)

function groupNamed(entity: Entity, groups: readonly IssueGroup[], prefix: string): IssueGroup {
  const named = groups.filter(({ group }) => group.startsWith(prefix))
  const [found] = named
  if (found && named.length === 1) return found
  const text = found
    ? `${named.length} groups of ${entity.name} begin with ${prefix}`
    : `${entity.name} has no group of issues ${prefix}`
  throw new CrossfadeError('BAD_USER_INPUT', `${text}: see \`crossfade issues list ${entity.name}\`.`)
}

type Said = Pick<AcceptedIssues, 'by' | 'why' | 'until'>

/**
 * Says that a type may move although there are issues of these kinds: as many of each as there are now.
 *
 * @param prefixes of the groups, each as long as no other begins with it; null for all that are open.
 * @throws BAD_USER_INPUT where no group, or more than one, is named so: then none of them is accepted.
 */
export async function acceptIssues(
  kept: Kept,
  entity: Entity,
  prefixes: readonly string[] | null,
  said: Said,
): Promise<IssueGroup[]> {
  if (said.by.trim() === '' || said.why.trim() === '')
    throw new CrossfadeError('BAD_USER_INPUT', 'Say who accepts them, and why: --by and --why are kept.')
  const groups = await issueGroups(kept, entity)
  const named = new Set(prefixes?.map((prefix) => groupNamed(entity, groups, prefix)) ?? groups.filter(isOpen))
  const accepted: IssueGroup[] = []
  for (const group of named) accepted.push(await accept(kept, entity, group, said))
  return accepted
}

async function accept(kept: Kept, entity: Entity, found: IssueGroup, said: Said): Promise<IssueGroup> {
  const { group, path, rule, count } = found
  const accepted: AcceptedIssues = { count, ...said, at: new Date().toISOString() }
  const { revision = null } = (await kept.ledger.get(kind, group)) ?? {}
  if (!(await kept.ledger.compareAndSet(kind, group, revision, { ...accepted })))
    throw new CrossfadeError('TRY_AGAIN', 'Somebody else has just accepted these issues; see `crossfade issues list`.')
  await kept.ledger.append(log, entity.name, { group, path, rule, ...accepted })
  return { ...found, accepted }
}
