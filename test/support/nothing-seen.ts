import type { Seen } from '../../src/stores/findings.ts'

/** Of a gateway that shadow reads have told nothing. */
export const nothingSeen: Seen = {
  groups: [],
  undecided: [],
  verdicts: [],
  failures: [],
  timings: [],
  coverage: [],
}
