import DataLoader from 'dataloader'
import type { Id } from '../entity/entity.ts'

/** What comparison asks of what the mirror is owed. */
export interface Owing {
  /** True while the mirror is owed a write of the type. */
  readonly pending: (type: string) => Promise<boolean>
  /** Those of the records that the mirror is owed, with for how many milliseconds. */
  readonly owedFor: (type: string, ids: readonly Id[]) => Promise<ReadonlyMap<Id, number>>
}

const gatherMs = 20
const maxIds = 500 // of one question
const later = (ask: () => void): void => void setTimeout(ask, gatherMs)

/** Looks at what is owed, those of many comparisons in one question a type; an answer is never older than its call. */
export function batched({ pending, owedFor }: Owing): Owing {
  const records = new Map<string, DataLoader<Id, number | null>>()
  const ofType = (type: string): DataLoader<Id, number | null> => {
    let loader = records.get(type)
    if (!loader) {
      loader = new DataLoader<Id, number | null>(
        async (ids) => {
          const owed = await owedFor(type, [...new Set(ids)])
          return ids.map((id) => owed.get(id) ?? null)
        },
        { cache: false, batchScheduleFn: later, maxBatchSize: maxIds },
      )
      records.set(type, loader)
    }
    return loader
  }
  const types = new DataLoader<string, boolean>(
    async (names) => {
      const known = new Map(
        await Promise.all([...new Set(names)].map(async (name) => [name, await pending(name)] as const)),
      )
      return names.map((name) => known.get(name)!)
    },
    { cache: false, batchScheduleFn: later },
  )
  return {
    pending: (type) => types.load(type),
    async owedFor(type, ids) {
      const loader = ofType(type)
      const ages = await Promise.all(ids.map(async (id) => [id, await loader.load(id)] as const))
      return new Map(ages.filter((each): each is [Id, number] => each[1] !== null))
    },
  }
}
