/** What a run of kill points found. */
export interface Found {
  /** Messages at which a child was killed. */
  points: number
  trials: number
  kills: number
  /** Writes that a client knew of before the kill. */
  acknowledged: number
  /** Of these, those that are not there. */
  lost: number
  /** Records that the stores do not have alike behind it. */
  differing: number
  readonly steps: Record<string, { points: number; trials: number }>
}
