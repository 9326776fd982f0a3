import { readToken } from './token.ts'

/** What could not be told, and where in the answer. */
export interface Trouble {
  readonly message: string
  readonly path?: readonly (string | number)[]
}

export interface Answer<T> {
  /** Null where nothing was answered. */
  readonly data: T | null
  readonly errors: readonly Trouble[]
}

/** The token is none, or no longer good. */
export class NoToken extends Error {}

interface Wanted {
  readonly accept?: string
  readonly signal?: AbortSignal
}

/** Sends it to the admin port, as whoever looks. */
export function send(query: string, variables: object, { accept, signal }: Wanted = {}): Promise<Response> {
  const token = readToken()
  return fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accept === undefined ? {} : { accept }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Asks the admin port; without a token a proxy may say who asks. @throws NoToken. What else goes wrong is in the answer. */
export async function ask<T>(query: string, variables: object = {}): Promise<Answer<T>> {
  const untold = (message: string): Answer<T> => ({ data: null, errors: [{ message }] })
  const sent = await send(query, variables)
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => null)
  if (sent === null) return untold('The gateway does not answer. It is asked again.')
  if (sent.status === 401) throw new NoToken()
  try {
    const { data = null, errors = [] } = JSON.parse(sent.text)
    return { data, errors }
  } catch {
    return untold(`The gateway answered ${sent.status}.`)
  }
}
