import { movesAuthority, type Stage } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'
import { otherOrigin } from '../util/origin.ts'
import type { Flag } from './flag.ts'
import { current, type FinishOptions, patienceOf, patiently } from './flag-commit.ts'
import { authorityOf } from './flag-store.ts'

export interface GateOptions extends FinishOptions {
  /** What stands against a change of stage, a line each; asked before anything is held. Default: nothing. */
  readonly unmet?: (was: Flag, to: Stage) => Promise<readonly string[]>
}

/** What no move may pass over in silence: the store that gets authority was never made equal. */
function uncopied(was: Flag): string[] {
  if (was.fresh !== null) return []
  const from = authorityOf(was)
  const types = was.members.filter((type) => !was.copied.includes(type)).join(' ')
  return [`${otherOrigin(from)} was not made equal to ${from} since it is written: run \`crossfade backfill ${types}\``]
}

/** A line for each of what has to be done before a flag may go to a stage. */
async function standingAgainst(options: GateOptions, was: Flag, to: Stage): Promise<readonly string[]> {
  if (was.stage === to) return []
  const unmet = await patiently(patienceOf(options), async () => (await options.unmet?.(was, to)) ?? [])
  return [...(movesAuthority(was.stage, to) ? uncopied(was) : []), ...unmet]
}

const refusal = (was: Flag, to: Stage, lines: readonly string[]): string =>
  `${was.type} cannot go to ${to} yet:${lines.map((line) => `\n  - ${line}`).join('')}`

/** @returns what was not met, and forced. @throws BAD_USER_INPUT with what has to be done first, unless it is forced. */
export async function checkGates(
  options: GateOptions,
  was: Flag,
  to: Stage,
  force: boolean,
): Promise<readonly string[]> {
  const lines = await standingAgainst(options, was, to)
  if (lines.length === 0) return []
  if (!force) throw new CrossfadeError('BAD_USER_INPUT', refusal(was, to, lines))
  for (const line of lines) options.log(`${was.type}: forced, although ${line}`)
  return lines
}

/**
 * Looks at what several flags still have to have before a stage, so that none of them moves where another may not. Each
 * looks again when it moves.
 *
 * @throws BAD_USER_INPUT with all that has to be done first.
 */
export async function checkAll(options: GateOptions, wanted: readonly { type: string; stage: Stage }[]): Promise<void> {
  const refusals: string[] = []
  for (const { type, stage } of wanted) {
    const was = await current(options.ledgers, patienceOf(options), type)
    const lines = await standingAgainst(options, was, stage)
    if (lines.length > 0) refusals.push(refusal(was, stage, lines))
  }
  if (refusals.length > 0) throw new CrossfadeError('BAD_USER_INPUT', `Nothing was changed.\n${refusals.join('\n')}`)
}
