import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/**
 * A salted scrypt hash (N = 2¹⁵, r = 8, p = 1) as a PHC string. Made once, by the gateway, so that both stores get the
 * same. Sources: RFC 7914; the PHC string format; OWASP Password Storage Cheat Sheet.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
  return `$scrypt$ln=15,r=8,p=1$${base64(salt)}$${base64(hash)}`
}
