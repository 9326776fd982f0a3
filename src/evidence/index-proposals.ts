import type { PostgresConnection } from '../stores/postgres/connection.ts'
import { createIndexConcurrently, type IndexKey } from '../stores/postgres/ddl.ts'
import { relationNames } from '../stores/postgres/indexes.ts'

/** Indexes of PostgreSQL that are proposed: each counts as being there for what follows, and has a name of its own. */
export interface IndexProposals {
  /**
   * The statement for one more; null where one that was proposed serves the same.
   *
   * @param where the condition of its rows; default: none, and it holds all of them.
   * @param fixed how many of the leading keys are asked about by one value each, so that their direction is of no matter.
   */
  propose(
    table: string,
    keys: readonly IndexKey[],
    given?: { readonly using?: string; readonly fixed?: number; readonly where?: string | null },
  ): string | null
}

/** Whether an index that begins with these keys gives their order, read forwards or backwards. */
function serves(index: readonly IndexKey[], keys: readonly IndexKey[], fixed: number): boolean {
  const turned = index[fixed]?.direction !== keys[fixed]?.direction
  return keys.every(({ column, direction }, at) => {
    const key = index[at]
    return key?.column === column && (at < fixed || (key.direction !== direction) === turned)
  })
}

export async function indexProposals(connection: PostgresConnection): Promise<IndexProposals> {
  const taken = new Set(await relationNames(connection))
  const proposed: { readonly on: string; readonly keys: readonly IndexKey[] }[] = []
  return {
    propose(table, keys, { using = '', fixed = 0, where = null } = {}) {
      const onTable = (condition: string | null): string => JSON.stringify([table, using, condition])
      const enough = new Set([onTable(null), onTable(where)])
      if (proposed.some((index) => enough.has(index.on) && serves(index.keys, keys, fixed))) return null
      proposed.push({ on: onTable(where), keys })
      return createIndexConcurrently(table, keys, { using, where, taken })
    },
  }
}
