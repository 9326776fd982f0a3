import type { Plugin } from 'graphql-yoga'
import { small } from './by-size.ts'

/**
 * Hands answers to Node as bytes, those that are not small. Of a text Node keeps the bytes that it makes of it and the text
 * as well, until the last one is read, and tells its characters for what it has not sent.
 */
export const asBytes: Plugin = {
  onYogaInit({ yoga: { fetchAPI } }) {
    fetchAPI.Response = class extends fetchAPI.Response {
      constructor(body?: BodyInit | null, init?: ResponseInit) {
        super(typeof body === 'string' && body.length > small ? Buffer.from(body) : body, init)
      }
    }
  },
}
