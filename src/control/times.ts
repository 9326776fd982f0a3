/**
 * Times of the control plane and of writes, in milliseconds, each with its reason. They depend on each other: a test
 * holds their order.
 */
export const times = {
  /** A store that answers later than this is asked nothing that the other one can answer. */
  probe: 500,
  /** Between two looks at the flags of a store: within a second and a half a gateway knows of a change, or of an outage. */
  flagInterval: 600,
  /** What one call of a gateway's control plane may take; a hung one gives its connection back before flags grow old. */
  controlCall: 4_000,
  /** How long a store's copy of a flag permits writes after it was read. */
  confirmation: 5_000,
  /** How long after its start a write may begin another step without a look at its flag. */
  write: 10_000,
  /** How long after its last sign of life an instance counts as gone: until then its last write has begun its last step. */
  gone: 20_000,
  /** How long a request may take in all, and a write wait for its turn; below the 30 s of common proxies. */
  request: 25_000,
  /** How long a gateway that stops waits for its clients; what has begun to write is waited for besides. */
  drain: 8_000,
  /** How long a move of authority waits for gateways and for what is owed. */
  move: 30_000,
} as const
