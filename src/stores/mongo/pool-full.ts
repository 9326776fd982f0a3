/** A call of a client had no turn for as long as it waits: nothing was asked of the driver. */
export class PoolFull extends Error {
  constructor(waitMs: number) {
    super(`no connection to MongoDB was free within ${waitMs} ms`)
    this.name = 'PoolFull'
  }
}
