import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import type { MongoConnection } from './connection.ts'
import { ofType, valuesOfType } from './documents-of.ts'
import { shown } from './profile/findings.ts'

/** What is counted at most, and how many values are named. */
const [most, named] = [100_000, 5]

interface Group {
  /** Null where there is none. */
  readonly _id: unknown
  readonly n: number
}

function groupText({ _id, n }: Group, path: string): string {
  return _id === null ? `${n} without ${path}` : `${n} with ${path} ${shown(_id)}`
}

/** A line for each collection of several types that holds documents of none of them: no job copies these. */
export async function documentsOfNoType(connection: MongoConnection, entities: readonly Entity[]): Promise<string[]> {
  const shared = Map.groupBy(
    entities.filter(({ fixed }) => fixed.size > 0),
    ({ mongo }) => mongo,
  )
  const lines: string[] = []
  for (const [name, types] of shared) {
    const kinds = types.map((type): Document => ofType(type))
    const [path] = Object.keys(valuesOfType(types[0]!))
    const groups = await connection.db
      .collection(name)
      .aggregate<Group>(
        [
          { $match: { $nor: kinds } },
          { $limit: most },
          { $group: { _id: `$${path}`, n: { $sum: 1 } } },
          { $sort: { n: -1 } },
        ],
        { maxTimeMS: connection.maxTimeMs },
      )
      .toArray()
    if (groups.length === 0) continue
    const count = groups.reduce((sum, { n }) => sum + n, 0)
    const told = groups.slice(0, named).map((group) => groupText(group, path!))
    const others = groups.length > named ? `, and ${groups.length - named} other values` : ''
    const many = count >= most ? `at least ${count}` : count
    const text = `${name} holds ${many} documents that are of none of its types (${told.join(', ')}${others})`
    lines.push(`${text}: they stay in MongoDB alone. Map their type, or see that nobody needs them.`)
  }
  return lines
}
