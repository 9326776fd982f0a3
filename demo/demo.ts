import { readFileSync } from 'node:fs'
import type { DemoConfig, SampleOperation } from 'crossfade'
import { generate } from './generate.ts'
import { traffic } from './traffic.ts'

const query = readFileSync(new URL('../schema/operations/demo.graphql', import.meta.url), 'utf8')

const read =
  (operationName: string) =>
  (id: string): SampleOperation => ({ query, operationName, variables: { id } })

/** What `crossfade demo` knows of this API. */
export const demo: DemoConfig = {
  generate,
  traffic,
  indexes: {
    users: [{ keys: { email: 1 }, unique: true }],
    comments: [{ keys: { movie_id: 1 } }, { keys: { email: 1 } }, { keys: { date: -1 } }],
    movies: [{ keys: { title: 1 } }],
  },
  read: {
    Movie: read('WholeMovie'),
    Comment: read('WholeComment'),
    User: read('WholeUser'),
    Theater: read('WholeTheater'),
  },
  // Fields that no order, join or filter of the traffic uses: a change shows in the record itself, not in who is listed
  drift: {
    Movie: {
      paths: [
        'runtime',
        'tomatoes.viewer.rating',
        'tomatoes.lastUpdated',
        'languages',
        'awards.text',
        'imdb.id',
        'writers',
        'fullplot',
        'poster',
      ],
    },
    Comment: { paths: ['text'] },
    User: { paths: ['preferences', 'name'] },
    Theater: { paths: ['address.street1', 'address.zipcode'] },
  },
}
