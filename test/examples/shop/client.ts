import { readFileSync } from 'node:fs'
import type { ExecutionResult } from 'graphql'
import { createClient, NetworkError } from 'graphql-http'
import { sign } from '../../../examples/shop/auth/token.ts'
import type { Viewer } from '../../../examples/shop/auth/viewer.ts'
import { uuidOf } from '../../../examples/shop/data/document.ts'

process.env['SHOP_SECRET'] = 'a secret of tests, and of nobody else'

const query = ['visitor', 'customer', 'staff']
  .map((file) => readFileSync(new URL(`../../../examples/shop/operations/${file}.graphql`, import.meta.url), 'utf8'))
  .join('\n')

/** What the server answered: as the client library hands it on, null where it refuses to, and byte for byte. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly result: ExecutionResult | null
}

export type Variables = Readonly<Record<string, unknown>>

/** An operation of the example, by its name, sent by the client of graphql-http. */
export async function askAt(
  url: string,
  authorization: string | null,
  operationName: string,
  variables: Variables = {},
): Promise<Answer> {
  let received = { status: 0, text: '' }
  const client = createClient({
    url,
    headers: authorization === null ? {} : { authorization },
    fetchFn: async (...given: Parameters<typeof fetch>) => {
      const response = await fetch(...given)
      received = { status: response.status, text: await response.clone().text() }
      return response
    },
  })
  const result = await new Promise<ExecutionResult | null>((resolve, reject) => {
    let last: ExecutionResult | null = null
    client.subscribe<Record<string, unknown>>(
      { query, operationName, variables },
      {
        next: (value) => {
          last = value as ExecutionResult
        },
        error: (error) => (error instanceof NetworkError && error.response ? resolve(null) : reject(error)),
        complete: () => resolve(last),
      },
    )
  })
  return { ...received, result }
}

export const staff: Viewer = { id: 'back office', isStaff: true }

/** The customer at a place of the sample data. */
export const customer = (n: number): Viewer => ({ id: uuidOf(n), isStaff: false })

/** What a client sends of whoever uses it; null for a visitor. */
export const tokenOf = async (viewer: Viewer | null): Promise<string | null> => viewer && `Bearer ${await sign(viewer)}`
