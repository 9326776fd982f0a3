import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Ledgers } from '../control/flag-store.ts'
import { type Role, roles } from '../control/role.ts'
import { changeEntry, type Ledger, parseAs } from '../stores/ledger.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'

const kind = 'token'

const form = z.object({
  role: z.enum(roles),
  hash: z.string(),
  madeBy: z.string(),
  madeAt: z.coerce.date(),
  until: z.coerce.date(),
  revokedAt: z.coerce.date().nullable(),
})

/** Who may do what on the admin port. Of the secret only its hash is known. */
export interface Token extends z.infer<typeof form> {
  readonly name: string
}

/**
 * Without salt, and quick: a secret is 32 bytes by chance, which nobody guesses however fast he is (RFC 6750, 5.2; slow
 * hashes are for passwords).
 */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** What tells a leaked one from other secrets: scanners go by it. */
const prefix = 'crossfade_'

const newSecret = (): string => prefix + randomBytes(32).toString('base64url')

/** Its names stand in logs and lists. */
const namePattern = /^[\w.@-]{1,64}$/

/** All that one store knows. */
export async function tokensIn(ledger: Ledger): Promise<readonly Token[]> {
  return (await ledger.list(kind)).flatMap(({ key, value }) => {
    const found = parseAs(form, value)
    return found ? [{ ...found, name: key }] : []
  })
}

/** Those of several stores, each once: one that any store knows as revoked is. */
export function merged(found: readonly Token[]): readonly Token[] {
  const byName = Map.groupBy(found, ({ name }) => name)
  const one = (same: readonly Token[]): Token => same.find(({ revokedAt }) => revokedAt !== null) ?? same[0]!
  return [...byName.values()].map(one).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * All tokens that the stores know which answer, by name.
 *
 * @throws what the first store throws, where none answers.
 */
export async function listTokens(ledgers: Ledgers): Promise<readonly Token[]> {
  const found = await Promise.allSettled(origins.map((origin) => tokensIn(ledgers[origin])))
  const answered = found.filter((each) => each.status === 'fulfilled')
  if (answered.length === 0) throw (found[0] as PromiseRejectedResult).reason
  return merged(answered.flatMap(({ value }) => value))
}

export interface NewToken {
  readonly name: string
  readonly role: Role
  readonly days: number
  /** Who makes it, for the list. */
  readonly by: string
}

/**
 * Makes a token, which both stores keep: the admin port works while one of them is down.
 *
 * @returns its secret, which is told once and kept nowhere.
 * @throws BAD_USER_INPUT where the name is taken, or is none; what a store throws that does not answer: then there is none.
 */
export async function makeToken(ledgers: Ledgers, { name, role, days, by }: NewToken): Promise<string> {
  if (!namePattern.test(name))
    throw new CrossfadeError('BAD_USER_INPUT', 'A name has 64 letters, digits, and ._@- at most.')
  const secret = newSecret()
  const now = Date.now()
  const value = {
    role,
    hash: hashOf(secret),
    madeBy: by,
    madeAt: new Date(now).toISOString(),
    until: new Date(now + days * 86_400_000).toISOString(),
    revokedAt: null,
  }
  for (const [at, origin] of origins.entries()) {
    const undo = () => Promise.all(origins.slice(0, at).map((done) => ledgers[done].remove(kind, name)))
    const isNew = await ledgers[origin].compareAndSet(kind, name, null, value).catch(async (error: unknown) => {
      await undo()
      throw error
    })
    if (isNew) continue
    await undo()
    throw new CrossfadeError('BAD_USER_INPUT', `There is a token ${name} already. Take another name.`)
  }
  return secret
}

/** A store in which a token could not be revoked, and why. */
export interface NotRevoked {
  readonly origin: Origin
  readonly why: string
}

/**
 * Revokes a token. It stays in the list: what it did stands in the history under its name.
 *
 * @returns the stores that could not be told: a gateway which reaches no other store takes the token still.
 * @throws BAD_USER_INPUT where no store knows it.
 */
export async function revokeToken(ledgers: Ledgers, name: string): Promise<readonly NotRevoked[]> {
  let isKnown = false
  const failed: NotRevoked[] = []
  for (const origin of origins) {
    try {
      await changeEntry(ledgers[origin], kind, name, (present) => {
        const token = parseAs(form, present)
        if (!token) return undefined
        isKnown = true
        return token.revokedAt ? undefined : { ...(present as object), revokedAt: new Date().toISOString() }
      })
    } catch (error) {
      failed.push({ origin, why: messageOf(error) })
    }
  }
  if (!isKnown && failed.length < origins.length)
    throw new CrossfadeError('BAD_USER_INPUT', `There is no token ${name}. See \`crossfade token list\`.`)
  return failed
}
