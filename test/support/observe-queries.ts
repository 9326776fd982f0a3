import type { Document } from 'mongodb'
import type { TestStores } from './stores.ts'

/** One read that reached a store: what it read from, and the document paths or columns that it asked for. */
export interface Seen {
  readonly from: string
  readonly fields: readonly string[]
}

const ours = (name: string): boolean => name.startsWith('_cf') || name === '_id' || name === 'id'

/** Whether it looks for documents by our marks: the sweep does, whenever it is its time. */
const isByMarks = (filter: Document): boolean =>
  Object.entries(filter).some(([path, condition]) => path.startsWith('_cf.') && condition !== null)

/** Reads of records ask for the version; a count that a client asked for is not one of what is owed. */
function seenByMongo(from: string, stages: readonly Document[]): Seen[] {
  const text = JSON.stringify(stages)
  const isCount = text.includes('"$sum"') && !text.includes('_cf.pending')
  const projection = stages.at(-1)!['$project'] as Document | undefined
  if (!isCount && !projection?.['_cf']) return []
  return [{ from, fields: Object.keys(projection ?? {}).filter((name) => !ours(name)) }]
}

function seenByPostgres(text: string): Seen | null {
  // The innermost select list and its table: batches wrap it in a lateral join
  const found = /select ((?:"?t"?\.[^,]+, )*"?t"?\.\S+) from (?:\(select \* from )?"(\w+)"(?: where [^)]+\))? t/.exec(
    text,
  )
  if (!found) return null
  const fields = found[1]!.split(', ').map((column) => column.replace(/^"?t"?\./, '').replaceAll('"', ''))
  return { from: found[2]!, fields: fields.filter((name) => !ours(name)) }
}

/** Records the reads of records that both stores get from now on; those of the sweep and of control tables are not. */
export function observeQueries({ mongo, postgres }: TestStores): Seen[] {
  const seen: Seen[] = []
  const { connection } = mongo
  const { reads } = connection
  Object.assign(connection, {
    reads(...args: Parameters<typeof reads>) {
      const real = reads(...args)
      const { find, aggregate } = real
      real.find = ((filter: Document, options: Document) => {
        if (!isByMarks(filter)) seen.push(...seenByMongo(args[0].mongo, [{ $project: options['projection'] }]))
        return find.call(real, filter, options)
      }) as never
      real.aggregate = ((pipeline: Document[], options: Document) => {
        seen.push(...seenByMongo(args[0].mongo, pipeline))
        return aggregate.call(real, pipeline, options)
      }) as never
      return real
    },
  })
  const { runPrepared } = postgres.connection
  Object.assign(postgres.connection, {
    runPrepared(...args: Parameters<typeof runPrepared>) {
      const one = seenByPostgres(args[0].text)
      if (one) seen.push(one)
      return runPrepared(...args)
    },
  })
  return seen
}
