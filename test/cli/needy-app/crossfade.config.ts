import { makeExecutableSchema } from '@graphql-tools/schema'
import { defineConfig, defineEntity, objectId, text } from 'crossfade'

const Event = defineEntity('Event', {
  mongo: 'events',
  postgres: 'events',
  id: objectId(),
  fields: { title: text() },
})
const typeDefs = 'type Event { id: ID! title: String loud: String } type Query { event(id: ID!): Event }'
/** What the field reads is not said. */
const resolvers = { Event: { loud: ({ title }: { readonly title: string }) => title.toUpperCase() } }

export default defineConfig({
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  entities: [Event],
  migrations: {},
})
