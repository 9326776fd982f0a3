import { connection, record } from 'crossfade/pothos'
import { builder } from '../schema/builder.ts'
import { Theater, TheaterFilter } from '../schema/theater.ts'

builder.queryFields((t) => ({
  theater: record(t, Theater),
  theaters: connection(t, Theater, { filter: TheaterFilter, paging: 'forward' }),
}))
