import * as graphql from 'graphql'

type Args = graphql.ExecutionArgs

/** What graphql 17 has besides: `createSourceEventStream` takes what it makes of the arguments, and no other. */
interface Seventeen {
  readonly validateSubscriptionArgs?: (args: Args) => Args | readonly graphql.GraphQLError[]
}

/** The events of a subscription, or what keeps it from beginning: graphql 16 and 17 ask for it in two ways. */
export async function eventSource(args: Args): Promise<AsyncIterable<unknown> | graphql.ExecutionResult> {
  const { validateSubscriptionArgs } = graphql as Seventeen
  const valid = validateSubscriptionArgs?.(args) ?? args
  return 'schema' in valid ? graphql.createSourceEventStream(valid) : { errors: valid }
}
