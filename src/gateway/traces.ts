import { SpanKind, trace } from '@opentelemetry/api'
import { getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { inSpan, parentOf } from '../util/trace.ts'
import { onBegin } from './on-begin.ts'

/** Characters of an operation's name, which clients choose. */
const most = 80

/** A span for each request, named by its operation, below the span that the server or the client has begun for it. */
export const traces: Plugin = {
  ...onBegin(({ args: { document, operationName } }) => {
    const span = trace.getActiveSpan()
    if (!span?.isRecording()) return
    const operation = getOperationAST(document, operationName)
    if (!operation) return
    const name = operation.name?.value.slice(0, most)
    span.updateName(name ? `${operation.operation} ${name}` : operation.operation)
    span.setAttribute('graphql.operation.type', operation.operation)
    if (name) span.setAttribute('graphql.operation.name', name)
  }),
  instrumentation: {
    request: ({ request }, wrapped) =>
      inSpan('graphql', { kind: SpanKind.SERVER, parent: parentOf(request.headers) }, () => wrapped()),
  },
}
