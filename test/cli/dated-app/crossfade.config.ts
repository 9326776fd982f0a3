import { defineConfig, defineEntity, objectId, timestamp } from 'crossfade'
import { createBuilder, entityType, record } from 'crossfade/pothos'

const Event = defineEntity('Event', {
  mongo: 'events',
  postgres: 'events',
  id: objectId(),
  fields: { at: timestamp() },
})
const builder = createBuilder()
entityType(builder, Event)
builder.queryType({ fields: (t) => ({ event: record(t, Event) }) })

/** An app that says nothing of its scalars. */
export default defineConfig({ schema: builder.toSchema(), entities: [Event], migrations: {} })
