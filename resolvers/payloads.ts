import { builder } from '../schema/builder.ts'

export const DeletePayload = builder.objectRef<{ deletedId: string | number | null }>('DeletePayload').implement({
  fields: (t) => ({ deletedId: t.id({ resolve: ({ deletedId }) => deletedId }) }),
})
