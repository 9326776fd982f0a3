/** One comparison: requests or operations a second, ours against the baseline's. */
export interface Row {
  readonly bench: string
  readonly case: string
  readonly baseline: number
  readonly ours: number
  readonly unit: string
  readonly ratio: number
}
