import { typeOf } from '../../entity/type-of.ts'
import { type Rechecked, type RecheckState, recheckGroup } from '../../jobs/recheck-group.ts'
import type { MismatchGroup } from '../../stores/findings.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { printJson, printTable, say } from '../output.ts'
import type { Session } from '../session.ts'
import { named } from './kept.ts'

const states: Readonly<Record<RecheckState, string>> = {
  differs: 'still differs',
  agrees: 'agrees',
  undecided: 'was owed or changed each time: ask again',
  untold: 'cannot be told from a record: read it again through the API',
}

const elsewhere = ({ state, kind, paths }: Rechecked): string => {
  if (kind === null) return ''
  const where = paths.length > 0 ? `${kind} in ${paths.join(', ')}` : kind
  return state === 'agrees' ? `but ${where}` : where
}

/** What somebody does about a group of which records do not tell. */
const byHand = ({ fingerprint }: MismatchGroup): string =>
  `Ask the API again: where it answers as it should, \`crossfade mismatches close ${fingerprint} --why "…"\`; where it is to stay so, as a filter that one store refuses, \`crossfade mismatches triage ${fingerprint} accepted --until 90d --why "…"\``

const isUntold = ({ state }: Rechecked): boolean => state === 'untold'

/** @throws BAD_USER_INPUT where an example does not agree, or there is none. */
function checkAgreed(group: MismatchGroup, found: readonly Rechecked[]): void {
  const others = found.filter(({ state }) => state !== 'agrees').length
  if (found.length > 0 && others === 0) return
  const text =
    found.length === 0 ? 'no example of it is kept' : `${others} of its ${found.length} examples are not known to agree`
  const remedy = found.length === 0 || found.some(isUntold) ? ` ${byHand(group)}.` : ''
  throw new CrossfadeError('BAD_USER_INPUT', `${group.fingerprint} was not closed: ${text}.${remedy}`)
}

/** Looks at a group's examples now; exit code 2 where not all agree. */
export async function recheck(
  session: Session,
  prefix: string,
  by: string,
  { close, json }: { readonly close: boolean; readonly json: boolean },
): Promise<void> {
  const { config, stores } = session
  const { findings } = stores.postgres
  const { group, examples } = await named(session, findings.show(prefix), prefix)
  const found = await recheckGroup({ stores, entity: typeOf(config.entities, group.type), group, examples })
  if (json) printJson({ group: group.fingerprint, examples: found })
  else if (found.length === 0) say('No example of this group is kept.')
  else
    printTable(
      ['record', 'now', 'how'],
      found.map((each) => [each.id ?? '(whole result)', states[each.state], elsewhere(each)]),
    )
  if (!close) {
    const agrees = found.every(({ state }) => state === 'agrees')
    if (!json && found.some(isUntold)) say(`${byHand(group)}.`)
    if (!agrees) process.exitCode = 2
    else if (!json && found.length > 0) say('All agree: the same command with --close closes the group.')
    return
  }
  checkAgreed(group, found)
  const why = `all of its ${found.length} examples agreed when they were looked at again`
  await named(session, findings.close(group.fingerprint, why, by), prefix, 'open group')
  say(`Closed ${group.fingerprint}: ${why}.`)
}
