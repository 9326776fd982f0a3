import type { Plugin } from 'graphql-yoga'

/**
 * Says where GraphQL is to whoever asks elsewhere: the answer would be empty. What the app's own plugins answer there
 * has a content type.
 */
export const nothingHere = (path: string): Plugin => ({
  onResponse({ response, setResponse, fetchAPI }) {
    if (response.status !== 404 || response.headers.has('content-type')) return
    const error = { message: `There is nothing here: GraphQL is at ${path}.`, extensions: { code: 'BAD_USER_INPUT' } }
    setResponse(fetchAPI.Response.json({ errors: [error] }, { status: 404 }))
  },
})
