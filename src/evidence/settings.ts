/** What a change of stage asks to have been measured of a type. `false` asks for nothing. */
export interface GateSettings {
  /** A `verify` of the whole type that found both stores equal, not older than so many hours. */
  readonly verifiedWithinHours: number | false
  /** So many comparisons of shadow reads, and no difference that nobody has judged. */
  readonly comparisons: number | false
  /** So many percent of the comparisons that were tried came to a verdict. Asked together with `comparisons` alone. */
  readonly decidedPercent: number | false
  /** So many percent of what clients asked for, by field and resolver, was compared at least once. */
  readonly coveragePercent: number | false
  /** Of the reads that both stores were asked: PostgreSQL's 99th percentile is at most so many times MongoDB's. */
  readonly latencyFactor: number | false
  /** PostgreSQL has an index for each of MongoDB's, and for each order of the contract. */
  readonly indexes: boolean
  /** The tables are what the mapping implies. */
  readonly schema: boolean
  /** No value and no record is left that could not be carried, but for those that somebody has accepted. */
  readonly issues: boolean
  /** Somebody has put a name to the move. */
  readonly signOff: boolean
}

export const defaultGates: GateSettings = {
  verifiedWithinHours: 24,
  comparisons: 1_000,
  decidedPercent: 90,
  coveragePercent: 90,
  latencyFactor: 1.5,
  indexes: true,
  schema: true,
  issues: true,
  signOff: false,
}

/** What an app asks for all of its types, and otherwise for some. What is not named has its default. */
export interface GatesConfig extends Partial<GateSettings> {
  readonly types?: Readonly<Record<string, Partial<GateSettings>>>
}

/** What is asked for one type. */
export function gatesOf(type: string, { types, ...all }: GatesConfig = {}): GateSettings {
  return { ...defaultGates, ...all, ...types?.[type] }
}
