import { CrossfadeError, messageOf } from '../util/errors.ts'
import { otherOrigin } from '../util/origin.ts'
import { type Flag, initialFlag } from './flag.ts'
import { commitIn, current, type FinishOptions, type Patience, patienceOf, patiently, tell } from './flag-commit.ts'
import { allFlags, authorityOf, readCopies, readFlag } from './flag-store.ts'
import { flagsByType, isOfGroup } from './groups.ts'
import { asMover } from './mover.ts'

/** Nothing may be written, nor put, under it any more. */
const retired = (flag: Flag): Flag => ({
  ...flag,
  state: 'retired',
  epoch: flag.epoch + 1,
  revision: flag.revision + 1,
})

/** Compare-and-set in the store that has the types' authority. @throws CONFLICT where somebody else changed it. */
const replace = ({ ledgers }: FinishOptions, patience: Patience, was: Flag, next: Flag): Promise<void> =>
  commitIn(ledgers[authorityOf(next)], patience, was, next)

const tellOther = ({ ledgers }: FinishOptions, patience: Patience, flag: Flag): Promise<void> =>
  tell(ledgers, patience, otherOrigin(authorityOf(flag)), flag)

/**
 * A type whose own flag is retired goes by it again where no group names the type: whoever was at it has died, or has
 * dropped the group. Safe to run by anybody, at any time.
 *
 * @returns the flag, as it is then.
 */
export async function restoreAlone(options: FinishOptions, flag: Flag): Promise<Flag> {
  if (flag.state !== 'retired' || isOfGroup(flag)) return flag
  const patience = patienceOf(options)
  const flags = await patiently(patience, () => allFlags(options.ledgers))
  if (flagsByType(flags).has(flag.type)) return flag
  const next: Flag = { ...flag, state: 'steady', epoch: flag.epoch + 1, revision: flag.revision + 1 }
  await replace(options, patience, flag, next)
  await tellOther(options, patience, next)
  return next
}

async function restoreAll(options: FinishOptions, types: readonly string[]): Promise<Flag[]> {
  const restored: Flag[] = []
  for (const type of types)
    restored.push(await restoreAlone(options, await current(options.ledgers, patienceOf(options), type)))
  return restored
}

/**
 * Ends the forming of a group that was cut off: its types go by their own flags again. Safe to run by anybody, at any time.
 *
 * @returns the group's flag, retired.
 */
export async function undoForming(options: FinishOptions, forming: Flag): Promise<Flag> {
  const patience = patienceOf(options)
  const next = retired(forming)
  await replace(options, patience, forming, next)
  await restoreAll(options, forming.members)
  await tellOther(options, patience, next)
  return next
}

/** @throws BAD_USER_INPUT with what has to be done first. */
function checkJoining(group: string, types: readonly string[], flags: readonly Flag[], known: readonly Flag[]): void {
  const byType = flagsByType(known)
  const problems = types.flatMap((type, index) => {
    const flag = flags[index]!
    const kept = byType.get(type)
    if (kept && isOfGroup(kept)) return `${type} is in group ${kept.type}: run \`crossfade group drop ${kept.type}\``
    if (flag.state !== 'steady')
      return `${type} is ${flag.state}: run \`crossfade stage set ${type}\`, which ends its last change`
    return []
  })
  const byStage = Map.groupBy(flags, ({ stage }) => stage)
  if (byStage.size > 1) {
    const each = flags.map(({ type, stage }) => `${type} is ${stage}`)
    problems.push(`${each.join(', ')}: bring them to one stage by \`crossfade stage set\``)
  }
  const own = known.find(({ type }) => type === group)
  if (own && !isOfGroup(own)) problems.push(`${group} is the name of a type`)
  else if (own && own.state !== 'retired')
    problems.push(`the group is there, with ${own.members.join(', ')}: run \`crossfade group drop ${group}\``)
  if (problems.length > 0)
    throw new CrossfadeError('BAD_USER_INPUT', `Group ${group} cannot be made yet: ${problems.join('; ')}.`)
}

/** The flag that takes the place of the types' own, above all that was ever written under those. */
function joined(group: string, flags: readonly Flag[], earlier: Flag | null): Flag {
  const least = (of: (flag: Flag) => number): number => Math.min(...flags.map(of))
  const epoch = Math.max(...[...flags, ...(earlier ? [earlier] : [])].map((flag) => flag.epoch)) + 1
  const copied = flags.filter(({ fresh }) => fresh !== null).map(({ type }) => type)
  const isFresh = copied.length === flags.length
  return {
    ...initialFlag(
      group,
      flags.map(({ type }) => type),
    ),
    stage: flags[0]!.stage,
    state: 'forming',
    epoch,
    fresh: isFresh ? epoch : null,
    copied: isFresh ? [] : copied,
    revision: (earlier?.revision ?? 0) + 1,
    readPercent: least(({ readPercent }) => readPercent),
    samplePercent: least(({ samplePercent }) => samplePercent),
  }
}

/**
 * Has types that move alone change together from now on, under one flag. The group's flag names them first, unwritable;
 * then their own are retired; then it is steady, which is the only commit point: until then anybody may take all back.
 *
 * @returns the group's flag.
 * @throws BAD_USER_INPUT with what has to be done first; CONFLICT where somebody else changed one of the flags.
 */
export function formGroup(options: FinishOptions, group: string, given: readonly string[]): Promise<Flag> {
  const types = [...new Set(given)].sort()
  const form = () => asMover(options, group, null, () => formed(options, group, types), types[0])
  // In the order of their names, so that no two wait for each other
  return types.reduceRight<() => Promise<Flag>>((work, type) => () => asMover(options, type, null, work), form)()
}

async function formed(options: FinishOptions, group: string, types: readonly string[]): Promise<Flag> {
  const { ledgers } = options
  const patience = patienceOf(options)
  const known = await patiently(patience, () => allFlags(ledgers))
  const present = known.find(({ type }) => type === group)
  if (present?.state === 'steady' && isOfGroup(present) && present.members.join() === types.join()) return present
  if (present?.state === 'forming') await undoForming(options, present)
  const flags = await restoreAll(options, types)
  const now = await patiently(patience, () => allFlags(ledgers))
  checkJoining(group, types, flags, now)
  const earlier = now.find(({ type }) => type === group) ?? null
  const forming = joined(group, flags, earlier)
  const home = ledgers[authorityOf(forming)]
  await commitIn(home, patience, (await readFlag(home, group))?.flag ?? null, forming)
  const steady: Flag = { ...forming, state: 'steady', revision: forming.revision + 1 }
  try {
    for (const flag of flags) await replace(options, patience, flag, retired(flag))
    await replace(options, patience, forming, steady)
  } catch (error) {
    await undoForming(options, forming).catch((fault: unknown) =>
      options.log(`${group}: could not be taken back yet, run it again: ${messageOf(fault)}`),
    )
    throw error
  }
  for (const flag of [steady, ...flags.map(retired)]) await tellOther(options, patience, flag)
  return steady
}

/** A type's own flag, still retired, brought to where its group is by now. */
const caughtUp = (own: Flag, { stage, fresh, copied, epoch, readPercent, samplePercent }: Flag): Flag => ({
  ...own,
  stage,
  fresh: fresh !== null || copied.includes(own.type) ? epoch + 1 : null,
  epoch: epoch + 1,
  revision: own.revision + 1,
  readPercent,
  samplePercent,
})

/** The newest of both stores' copies, to take the place of the one that the store with authority has. */
async function catchUp(options: FinishOptions, patience: Patience, type: string, group: Flag): Promise<void> {
  const home = authorityOf(group)
  const { copies, flag } = await patiently(patience, () => readCopies(options.ledgers, type))
  const next = caughtUp(flag ?? initialFlag(type), group)
  await commitIn(options.ledgers[home], patience, copies[home]?.flag ?? null, { ...next, state: 'retired' })
}

/**
 * Has the types of a group go by flags of their own again, in the stage that the group is in. Their own flags are brought
 * there first, still retired; then the group's is retired, which is the only commit point.
 *
 * @returns the types' flags.
 * @throws BAD_USER_INPUT where there is no such group, or it is between two stages; CONFLICT where somebody else changed it.
 */
export async function dropGroup(options: FinishOptions, group: string): Promise<Flag[]> {
  await knownGroup(options, group)
  return asMover(options, group, null, () => dropped(options, group))
}

async function knownGroup(options: FinishOptions, group: string): Promise<Flag> {
  const flags = await patiently(patienceOf(options), () => allFlags(options.ledgers))
  const flag = flags.filter(isOfGroup).find(({ type }) => type === group)
  if (flag) return flag
  throw new CrossfadeError('BAD_USER_INPUT', `The stores know no group ${group}: see \`crossfade group list\`.`)
}

async function dropped(options: FinishOptions, group: string): Promise<Flag[]> {
  const patience = patienceOf(options)
  const flag = await knownGroup(options, group)
  if (flag.state === 'forming') await undoForming(options, flag)
  else if (flag.state === 'steady') {
    for (const type of flag.members) await catchUp(options, patience, type, flag)
    const next = retired(flag)
    await replace(options, patience, flag, next)
    await tellOther(options, patience, next)
  } else if (flag.state !== 'retired')
    throw new CrossfadeError(
      'BAD_USER_INPUT',
      `Group ${group} is between two stages: run \`crossfade stage set ${group}\` first, which ends its last move.`,
    )
  return restoreAll(options, flag.members)
}
