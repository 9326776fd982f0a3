/** The kill switch. */
export interface Killed {
  /** Types and groups, or `all`. */
  list(): readonly string[]
  /** @throws CrossfadeError BAD_USER_INPUT for what is no type, no group and not `all`. */
  /** @param here at the gateways of this data directory alone. */
  set(type: string, on: boolean, by: string, here: boolean): Promise<readonly string[]>
}
