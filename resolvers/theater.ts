import { load, loadConnection, parseFilter } from 'crossfade'
import { builder } from '../schema/builder.ts'
import { Theater, TheaterConnection, TheaterFilter, TheaterType, theaterFilterNames } from '../schema/theater.ts'

builder.queryFields((t) => ({
  theater: t.field({
    type: TheaterType,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => load(context, info, Theater, id),
  }),
  theaters: t.field({
    type: TheaterConnection,
    nullable: false,
    args: { filter: t.arg({ type: TheaterFilter }), first: t.arg.int(), after: t.arg.string() },
    resolve: (_, { filter, ...page }, context, info) =>
      loadConnection(context, info, Theater, parseFilter(Theater, theaterFilterNames, filter), [], page),
  }),
}))
