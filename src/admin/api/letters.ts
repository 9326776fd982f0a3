import { parseId } from '../../entity/parse-id.ts'
import { typeOf } from '../../entity/type-of.ts'
import { sweepNow } from '../../jobs/sweep-now.ts'
import { drop } from '../../mirror/dropped.ts'
import { owingOrigin } from '../../mirror/owed-of.ts'
import { retryLetters } from '../../mirror/retry.ts'
import { flagOf } from './moving-type.ts'
import { said } from './said.ts'
import type { ApiContext, Served } from './served.ts'

/** What is done about records that the other store refuses, as `mirror dead-letters` does it. */
export function letterChanges({ app: { entities }, stores, log }: Served) {
  /** @throws BAD_USER_INPUT where no store owes the type's records. */
  async function owing(name: string, context: ApiContext) {
    const entity = typeOf(entities, name)
    return { entity, store: stores[owingOrigin(entity, await flagOf({ name, entity }, context))] }
  }

  return {
    async retry(type: string, id: string | null | undefined, context: ApiContext) {
      const { entity, store } = await owing(type, context)
      const { ledger, outbox, origin } = store
      const ids = id ? [parseId(entity, id)] : undefined
      const round = () => sweepNow(stores, entity, origin, (line) => log('info', line), ids === undefined)
      const { mirrored, refused } = await retryLetters(ledger, entity, round, ids)
      const { count: owed } = await outbox.backlog(entity)
      return { mirrored: mirrored.map(String), refused: refused.map(String), owed }
    },

    async drop(type: string, id: string, why: string, context: ApiContext): Promise<true> {
      const { entity, store } = await owing(type, context)
      await drop(store, entity, said('id', id), said('why', why))
      return true
    },
  }
}
