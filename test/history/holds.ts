import type { Trouble } from './faults.ts'
import type { Move } from './movers.ts'
import type { Operation } from './operations.ts'

/** How long clients waited while authority moved, in milliseconds; null where it never did. */
export interface Holds {
  readonly holdP50Ms: number | null
  readonly holdP99Ms: number | null
  /** Of moves through which something was in trouble, or had just been. */
  readonly faultHoldP50Ms: number | null
  readonly faultHoldP99Ms: number | null
}

/** A gateway that was in trouble takes this long to be as before, in milliseconds. */
const aftermathMs = 5_000

/** The longest that an acknowledged write of the type took, of those that were under way during the move. */
function holdOf({ type, start, end }: Move, operations: readonly Operation[]): number {
  const held = operations.filter(
    (each) => each.type === type && each.outcome === 'ok' && each.start < end && each.end! > start,
  )
  return Math.max(0, ...held.map((each) => each.end! - each.start))
}

function percentile(numbers: readonly number[], part: number): number | null {
  if (numbers.length === 0) return null
  const sorted = [...numbers].sort((a, b) => a - b)
  return Math.round(sorted[Math.ceil(part * sorted.length) - 1]!)
}

export function holds(moves: readonly Move[], operations: readonly Operation[], troubles: readonly Trouble[]): Holds {
  const wasTroubled = ({ start, end }: Move): boolean =>
    troubles.some((trouble) => trouble.start < end && trouble.end + aftermathMs > start)
  const [calm, troubled] = [false, true].map((wanted) =>
    moves.filter((move) => wasTroubled(move) === wanted).map((move) => holdOf(move, operations)),
  ) as [number[], number[]]
  return {
    holdP50Ms: percentile(calm, 0.5),
    holdP99Ms: percentile(calm, 0.99),
    faultHoldP50Ms: percentile(troubled, 0.5),
    faultHoldP99Ms: percentile(troubled, 0.99),
  }
}
