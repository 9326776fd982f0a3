/** The kill switch. */
export interface Killed {
  /** Types and groups, or `all`. */
  list(): readonly string[]
  /** @throws CrossfadeError BAD_USER_INPUT for what is no type, no group and not `all`. */
  set(type: string, on: boolean, by: string): Promise<readonly string[]>
}
