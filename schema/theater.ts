import { defineEntity, embed, float, int, list, objectId, type RecordOf, text } from 'crossfade'
import { connectionType, entityType } from 'crossfade/pothos'
import { builder, filters } from './builder.ts'

export const Theater = defineEntity('Theater', {
  mongo: 'theaters',
  postgres: 'theaters',
  id: objectId(),
  fields: {
    theaterId: int().required().unique(),
    address: embed({ street1: text(), street2: text(), city: text(), state: text(), zipcode: text() }).at(
      'location.address',
    ),
    /** Longitude, then latitude, as GeoJSON has it. */
    coordinates: list(float()).at('location.geo.coordinates'),
  },
})

export type TheaterRecord = RecordOf<typeof Theater>

export const TheaterType = entityType(builder, Theater, { embeds: { address: 'Address' }, omit: ['coordinates'] })

builder.objectFields(TheaterType, (t) => ({
  longitude: t.float({
    extensions: { needs: ['coordinates'] },
    resolve: ({ coordinates }) => coordinates?.[0] ?? null,
  }),
  latitude: t.float({
    extensions: { needs: ['coordinates'] },
    resolve: ({ coordinates }) => coordinates?.[1] ?? null,
  }),
}))

export const TheaterConnection = connectionType(builder, 'Theater', TheaterType)

/** The contract's names for record paths that may be filtered. */
export const theaterFilterNames = {
  theaterId: 'theaterId',
  city: 'address.city',
  state: 'address.state',
  street2: 'address.street2',
} as const

export const TheaterFilter = builder.inputType('TheaterFilter', {
  fields: (t) => ({
    theaterId: t.field({ type: filters.IntFilter }),
    city: t.field({ type: filters.StringFilter }),
    state: t.field({ type: filters.StringFilter }),
    street2: t.field({ type: filters.StringFilter }),
  }),
})
