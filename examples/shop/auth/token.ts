import { type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Viewer } from './viewer.ts'

const claims = { issuer: 'https://shop.example', audience: 'shop-api' }

/** Looked up where it is needed: commands that answer nobody do without. */
function secret(): Uint8Array {
  const { SHOP_SECRET: text = '' } = process.env
  if (text.length < 32) throw new Error('SHOP_SECRET must have 32 characters at least.')
  return new TextEncoder().encode(text)
}

/** A token that is good for an hour. */
export const sign = ({ id, isStaff }: Viewer): Promise<string> =>
  new SignJWT({ staff: isStaff })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(id)
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setExpirationTime('1h')
    .sign(secret())

/** Ids of customers are UUIDs, which whoever signs may write in capitals. */
const viewerOf = ({ sub = '', staff }: JWTPayload): Viewer => ({ id: sub.toLowerCase(), isStaff: staff === true })

/** Whom a token names. @throws JOSEError for one that is not ours, or is past its time. */
export async function verify(token: string): Promise<Viewer> {
  const { payload } = await jwtVerify(token, secret(), {
    ...claims,
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'exp'],
  })
  return viewerOf(payload)
}
