import { authorityOf } from '../../control/flag-store.ts'
import { typeOf } from '../../entity/type-of.ts'
import { examine, repair } from '../../jobs/repair.ts'
import { chosenByGroup } from '../../jobs/repair-choice.ts'
import type { Unequal } from '../../jobs/settle-records.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { flagOf } from './moving-type.ts'
import { said } from './said.ts'
import type { ApiContext, Served } from './served.ts'

/** Records of one request at most: more take longer than anybody waits for an answer. */
const mostAtOnce = 1_000

/** No value is told: `record` shows it, redacted. */
const told = ({ id, kind, differences }: Unequal) => ({
  id: String(id),
  kind,
  paths: differences.map(({ path }) => path),
})

/** What a repair of the records of a group does, as `repair --group` does it: from the store with authority. */
export function repairs({ app: { entities }, stores, log }: Served) {
  return async (type: string, group: string, isDryRun: boolean, context: ApiContext) => {
    const entity = typeOf(entities, type)
    const { ledger } = stores[authorityOf(await flagOf({ name: type, entity }, context))]
    const { ids, chosen } = await chosenByGroup(ledger, stores.postgres.findings, entity, said('group', group))
    if (ids.length > mostAtOnce) {
      const remedy = `\`crossfade repair ${type} --group ${group}\` repairs them`
      throw new CrossfadeError(
        'BAD_USER_INPUT',
        `The group has ${ids.length} records, and ${mostAtOnce} may be: ${remedy}.`,
      )
    }
    const asked = { stores, entity, ids, log: (line: string) => log('info', line) }
    const { put, buried, keptOut, left, unequal, undecided } = isDryRun
      ? { ...(await examine(asked)), put: 0, buried: 0, keptOut: [], left: [] }
      : await repair(asked, { by: context.asker.name, chosen })
    return {
      records: ids.length,
      unequal: unequal.map(told),
      undecided: undecided.map(String),
      put,
      buried,
      keptOut: keptOut.map(String),
      left: left.map(told),
    }
  }
}
