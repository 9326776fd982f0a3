/** What came of a word about the switch. */
export interface Told {
  /** What is killed behind it. */
  readonly killed: readonly string[]
  /** Who could not be told, and why. */
  readonly untold: readonly string[]
}

/** The kill switch. */
export interface Killed {
  /** Types and groups, or `all`. */
  list(): readonly string[]
  /**
   * @param here at the gateways of this data directory alone.
   * @throws CrossfadeError BAD_USER_INPUT for what is no type, no group and not `all`, and is not killed either.
   */
  set(type: string, on: boolean, by: string, here: boolean): Promise<Told>
}
