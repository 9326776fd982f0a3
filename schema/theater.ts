import { defineEntity, embed, float, int, list, objectId, reading, text } from 'crossfade'
import { entityType, filterType } from 'crossfade/pothos'
import { builder } from './builder.ts'

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

export const TheaterType = entityType(builder, Theater, { embeds: { address: 'Address' }, omit: ['coordinates'] })

builder.objectFields(TheaterType, (t) => ({
  longitude: t.float(reading(Theater, ['coordinates'], ({ coordinates }) => coordinates?.[0] ?? null)),
  latitude: t.float(reading(Theater, ['coordinates'], ({ coordinates }) => coordinates?.[1] ?? null)),
}))

export const TheaterFilter = filterType(
  builder,
  Theater,
  { theaterId: true, city: 'address.city', state: 'address.state', street2: 'address.street2' },
  { combined: false },
)
