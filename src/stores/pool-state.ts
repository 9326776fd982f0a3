/** Connections of one pool at the moment. */
export interface PoolState {
  readonly name: 'reads' | 'candidate' | 'control' | 'writes' | 'puts'
  readonly taken: number
  readonly idle: number
  /** Calls that wait for one. */
  readonly waiting: number
}
