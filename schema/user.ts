import { defineEntity, json, objectId, text } from 'crossfade'
import { entityType, newInput } from 'crossfade/pothos'
import { builder } from './builder.ts'

export const User = defineEntity('User', {
  mongo: 'users',
  postgres: 'users',
  id: objectId(),
  fields: {
    name: text().required().sensitive(),
    email: text().required().sensitive().unique(),
    password: text().sensitive(),
    preferences: json(),
  },
})

export const UserType = entityType(builder, User, { omit: ['password'] })

export const CreateUserInput = newInput(builder, User, ['name', 'email', 'password'], {
  name: 'CreateUserInput',
  required: ['password'],
})
