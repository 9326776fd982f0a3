import type { AggregateOptions, Document, Filter, FindOptions } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { codeOf } from '../../util/errors.ts'
import { type Explaining, NotRun, type Plan, unexplained } from '../plan.ts'
import type { MongoConnection } from './connection.ts'
import { documentsOf } from './documents-of.ts'
import { failureOf } from './errors.ts'
import { judge } from './plan.ts'
import type { StoredDocument } from './stored.ts'

/** What is explained may ask for bytes. */
const asObject = { raw: false } as const

const verbosity = 'queryPlanner' // plans, and runs nothing

async function planned(explain: () => Promise<Document>): Promise<Plan> {
  try {
    return judge(await explain())
  } catch (error) {
    return unexplained(failureOf(error), codeOf(error))
  }
}

/**
 * The connection, of which each query is explained besides. It shares what was found out about the collections, so that
 * looks at them are not taken for queries.
 */
export function explained(connection: MongoConnection, { hear, runs }: Explaining): MongoConnection {
  const heard = (explain: () => Promise<Document>): void => {
    hear(planned(explain))
    if (!runs) throw new NotRun()
  }
  const explaining = (of: MongoConnection['reads']) => (entity: Entity) => {
    const real = of(entity)
    // An aggregate of another read concern is not explained. Source: MongoDB's `lite_parsed_pipeline.cpp`
    const planning = documentsOf(connection.db, entity, { readConcern: { level: 'local' } })
    // Made anew, and asked by nobody else. A count of documents is an aggregate of the driver's
    return Object.assign(of(entity), {
      find(filter: Filter<StoredDocument>, options?: FindOptions) {
        heard(() => planning.find(filter, { ...options, ...asObject }).explain(verbosity))
        return real.find(filter, options)
      },
      aggregate(pipeline: Document[], options?: AggregateOptions) {
        heard(() => planning.aggregate(pipeline, { ...options, ...asObject }).explain(verbosity))
        return real.aggregate(pipeline, options)
      },
    })
  }
  const { collection, reads } = connection
  const shares = connection.shares ?? connection
  return { ...connection, shares, collection: explaining(collection), reads: explaining(reads) }
}
