import { randomBytes } from 'node:crypto'

const instance = randomBytes(5).toString('hex')
let counter = randomBytes(3).readUIntBE(0, 3)

/**
 * A new ObjectId as 24 lower-case hex digits: 4 bytes of seconds, 5 random per gateway, 3 counted.
 * Made here and not by a driver, so that both stores get the same id whichever has authority.
 * Source: MongoDB manual, "ObjectId()".
 */
export function newObjectId(now: number = Date.now()): string {
  counter = (counter + 1) & 0xffffff
  const seconds = Math.floor(now / 1000)
  return seconds.toString(16).padStart(8, '0') + instance + counter.toString(16).padStart(6, '0')
}
