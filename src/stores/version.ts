/**
 * How new a record is: epoch first, then counter. The epoch grows when authority moves; the counter with every
 * authoritative write. A record that was never written through the gateway is at (0, 0).
 */
export interface Version {
  readonly epoch: number
  readonly counter: number
  /**
   * How much of the counter plain operators have added in MongoDB (`_cf.n`), whose guards ask for either part; default: 0.
   * It makes a version no newer.
   */
  readonly added?: number
}

export const unversioned: Version = Object.freeze({ epoch: 0, counter: 0 })

/** Negative where `a` is older than `b`, 0 where equal, positive where newer. */
export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.counter - b.counter
}

export function formatVersion(version: Version): string {
  return `${version.epoch}.${version.counter}`
}

/** Null for what is no version, as where there was no record. */
export function parseVersion(text: string): Version | null {
  const [, epoch, counter] = /^(\d+)\.(\d+)$/.exec(text) ?? []
  return epoch === undefined ? null : { epoch: Number(epoch), counter: Number(counter) }
}
