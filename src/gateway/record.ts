import type { Plugin } from 'graphql-yoga'
import type { Recorder } from '../replay/recorder.ts'
import { onBegin } from './on-begin.ts'

/** Of an entry that has no length of its own, and of the document that it holds beside its text. */
const overhead = 1_000

/** Hands what is executed to the recorder, which takes a share of it. */
export const record = (recorder: Pick<Recorder, 'offer'>): Plugin =>
  onBegin(({ args: { document, operationName, variableValues, contextValue } }) => {
    const { headers, url } = (contextValue as { readonly request: Request }).request
    const bytes = overhead + url.length + Number(headers.get('content-length') ?? document.loc?.source.body.length ?? 0)
    recorder.offer({ document, operationName, variables: variableValues ?? {}, bytes })
  })
