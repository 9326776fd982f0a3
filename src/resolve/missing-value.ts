import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLResolveInfo, isNonNullType } from 'graphql'

/**
 * What a field answers that has no value and may not be null. A list in which a field fails at once is left by graphql-js
 * together with the promises of the records before: one that fails then is awaited by nobody, which ends a process of Node.
 * Where the field fails a moment later all of them are awaited.
 */
export const missing: Promise<null> = Promise.resolve(null)

/** Answers a value that is there, and `missing` for one that is not. */
export const orMissing = <T>(value: T, { returnType }: GraphQLResolveInfo): T =>
  (value ?? (isNonNullType(returnType) ? missing : value)) as T // graphql-js takes a promise of it as well

/** That of graphql-js, for fields without a resolver. */
export const memberResolver: GraphQLFieldResolver<unknown, unknown> = (source, args, context, info) =>
  orMissing(defaultFieldResolver(source, args, context, info), info)
