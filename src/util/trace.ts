import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { CrossfadeError } from './errors.ts'

/** Of a span, for logs, links and what is found in it. */
export type SpanIds = SpanContext

const tracer = trace.getTracer('crossfade')

/** What tells of an error without its message, which may hold a value. */
const typeOf = (error: unknown): string =>
  error instanceof CrossfadeError ? error.code : error instanceof Error ? error.name : 'other'

/** Whether what runs now is part of a request that is traced: nothing below it costs anything where it is not. */
export const isTraced = (): boolean => trace.getActiveSpan()?.isRecording() ?? false

/** Ids of the span that is under way; null where there is none, or it has ended: what goes on behind it is not of it. */
export function spanIds(): SpanContext | null {
  const span = trace.getActiveSpan()
  return span?.isRecording() ? span.spanContext() : null
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Says that what the span stands for did not end well, where nothing was thrown. */
export function noteFault(type: string): void {
  const span = trace.getActiveSpan()
  if (span?.isRecording()) fail(span, type)
}

/** Runs the work in a span, which ends with it. @throws what the work throws. */
export async function inSpan<T>(
  name: string,
  given: {
    readonly attributes?: Attributes
    readonly kind?: SpanKind
    readonly links?: Link[]
    readonly parent?: Context
  },
  work: (span: Span) => T | Promise<T>,
): Promise<T> {
  const { attributes, kind = SpanKind.INTERNAL, links, parent = context.active() } = given
  const span = tracer.startSpan(name, { attributes, kind, links }, parent)
  try {
    return await context.with(trace.setSpan(parent, span), work, undefined, span)
  } catch (error) {
    fail(span, typeOf(error))
    throw error
  } finally {
    span.end()
  }
}

/** Runs work that goes on behind a request, in a span of its own that is linked to the request's. */
export const inLinkedSpan = <T>(
  name: string,
  { attributes, link }: { readonly attributes: Attributes; readonly link: SpanContext },
  work: () => Promise<T>,
): Promise<T> => inSpan(name, { attributes, links: [{ context: link }], parent: ROOT_CONTEXT }, work)

/** Adds what is known by now to the span that is under way, if there is one. */
export function noteInSpan(name: string, value: string): void {
  const span = trace.getActiveSpan()
  if (span?.isRecording()) span.setAttribute(name, value)
}

/** A span of its own for what is known only behind it to be worth one. @param began milliseconds since 1970. */
export function tellSpan(name: string, attributes: Attributes, began: number): void {
  tracer.startSpan(name, { attributes, startTime: began, root: true }, ROOT_CONTEXT).end()
}

const getter = {
  get: (headers: Headers, key: string): string | undefined => headers.get(key) ?? undefined,
  keys: (headers: Headers): string[] => [...headers.keys()],
}

/** What a request is part of: the span that the server began for it, else what its headers say. */
export const parentOf = (headers: Headers): Context =>
  trace.getActiveSpan() ? context.active() : propagation.extract(ROOT_CONTEXT, headers, getter)
