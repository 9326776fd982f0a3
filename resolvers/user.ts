import { only, write } from 'crossfade'
import { children, connection, record } from 'crossfade/pothos'
import { builder } from '../schema/builder.ts'
import { Comment } from '../schema/comment.ts'
import { CreateUserInput, User, UserType } from '../schema/user.ts'
import { hashPassword } from './password.ts'
import { UserPayload } from './payloads.ts'

builder.queryFields((t) => ({
  user: record(t, User),
  userByEmail: record(t, User, { by: 'email' }),
  users: connection(t, User, { paging: 'forward' }),
}))

builder.objectFields(UserType, (t) => ({
  comments: children(t, Comment, { by: 'email', of: 'email', order: { date: 'desc' }, paging: 'forward' }),
}))

builder.mutationFields((t) => ({
  createUser: t.field({
    type: UserPayload,
    nullable: false,
    extensions: { writes: only(User) },
    args: { input: t.arg({ type: CreateUserInput, required: true }) },
    resolve: (_, { input }, context, info) =>
      write(context, info, async (tx) => {
        const password = await hashPassword(input.password)
        return { user: await tx.of(User).create({ ...input, password }) }
      }),
  }),
  setPreferences: t.field({
    type: UserPayload,
    nullable: false,
    extensions: { writes: only(User) },
    args: { userId: t.arg.id({ required: true }), preferences: t.arg({ type: 'JSON' }) },
    resolve: (_, { userId, preferences }, context, info) =>
      write(context, info, async (tx) => ({ user: await tx.of(User).patch(userId, { preferences }) })),
  }),
}))
