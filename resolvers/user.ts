import {
  type Json,
  load,
  loadBy,
  loadChildren,
  loadConnection,
  mutation,
  only,
  parseFilter,
  parseId,
  type RecordOf,
} from 'crossfade'
import { builder } from '../schema/builder.ts'
import { Comment, CommentConnection, newestFirst } from '../schema/comment.ts'
import { User, UserConnection, UserType } from '../schema/user.ts'
import { hashPassword } from './password.ts'

builder.queryFields((t) => ({
  user: t.field({
    type: UserType,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => load(context, info, User, id),
  }),
  userByEmail: t.field({
    type: UserType,
    args: { email: t.arg.string({ required: true }) },
    resolve: (_, { email }, context, info) => loadBy(context, info, User, 'email', email),
  }),
  users: t.field({
    type: UserConnection,
    nullable: false,
    args: { first: t.arg.int(), after: t.arg.string() },
    resolve: (_, args, context, info) => loadConnection(context, info, User, parseFilter(User, {}, null), [], args),
  }),
}))

builder.objectFields(UserType, (t) => ({
  comments: t.field({
    type: CommentConnection,
    nullable: false,
    extensions: { needs: ['email'] },
    args: { first: t.arg.int(), after: t.arg.string() },
    resolve: ({ email }, args, context, info) =>
      loadChildren(context, info, Comment, 'email', email, newestFirst, args),
  }),
}))

const UserPayload = builder.objectRef<{ user: RecordOf<typeof User> | null }>('UserPayload').implement({
  fields: (t) => ({ user: t.field({ type: UserType, resolve: ({ user }) => user }) }),
})

const CreateUserInput = builder.inputType('CreateUserInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    email: t.string({ required: true }),
    password: t.string({ required: true }),
  }),
})

interface CreateUser {
  input: { name: string; email: string; password: string }
}

builder.mutationFields((t) => ({
  createUser: t.field({
    type: UserPayload,
    nullable: false,
    args: { input: t.arg({ type: CreateUserInput, required: true }) },
    resolve: mutation('createUser', only(User), async (tx, { input }: CreateUser) => {
      const password = await hashPassword(input.password)
      return { user: await tx.of(User).create({ name: input.name, email: input.email, password }) }
    }),
  }),
  setPreferences: t.field({
    type: UserPayload,
    nullable: false,
    args: { userId: t.arg.id({ required: true }), preferences: t.arg({ type: 'JSON' }) },
    resolve: mutation('setPreferences', only(User), async (tx, args: { userId: string; preferences?: Json }) => ({
      user: await tx.of(User).patch(parseId(User, args.userId), { preferences: args.preferences }),
    })),
  }),
}))
