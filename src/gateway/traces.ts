import { SpanKind, trace } from '@opentelemetry/api'
import type { Plugin } from 'graphql-yoga'
import { inSpan, noteFault, parentOf } from '../util/trace.ts'
import { chosenOperation } from './chosen-operation.ts'
import { codesIn } from './codes-in.ts'

/** A span for each request, named by its operation, below the span that the server or the client has begun for it. */
export const traces: Plugin = {
  // One that does not fit the contract is known by its name as well
  onValidate({ params: { documentAST }, context: { params } }) {
    const span = trace.getActiveSpan()
    if (!span?.isRecording()) return
    const operation = chosenOperation(documentAST, params.operationName)
    if (!operation) return
    const { kind, name, title } = operation
    span.updateName(title)
    span.setAttribute('graphql.operation.type', kind)
    if (name) span.setAttribute('graphql.operation.name', name)
  },
  onResultProcess({ result }) {
    const [code] = codesIn(result)
    if (code !== undefined) noteFault(code)
  },
  instrumentation: {
    request: ({ request }, wrapped) =>
      inSpan('graphql', { kind: SpanKind.SERVER, parent: parentOf(request.headers) }, () => wrapped()),
  },
}
