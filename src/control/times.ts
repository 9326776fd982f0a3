/**
 * Times of the control plane and of writes, in milliseconds, each with its reason. They depend on each other: a test
 * holds their order.
 */
export const times = {
  /** A store that answers later than this is asked nothing that the other one can answer. */
  probe: 500,
  /** Between two looks at the flags of a store: within a second and a half a gateway knows of a change, or of an outage. */
  flagInterval: 600,
  /** The same while a move of authority is announced: writes are held for two or three such looks. */
  movingInterval: 40,
  /** How long an announcement counts; one that takes longer goes on at the usual pace. */
  announced: 20_000,
  /** What one call of a gateway's control plane may take; a hung one gives its connection back before flags grow old. */
  controlCall: 4_000,
  /** What a write waits for a connection at most, since each step begins under a lease. */
  wait: 5_000,
  /** How old the image of a record is at most when its put begins. */
  image: 10_000,
  /** What one step of a write may take. */
  write: 10_000,
  /**
   * How long a sign of life lets steps of writes begin, counted from before it was sent by the clock of whoever sent it:
   * its store has it later, and counts it for longer.
   */
  lease: 5_000,
  /**
   * How old its last sign of life is when an instance counts as gone, by the store's clock: the last step that it could
   * begin has ended. A clock may be slower than another by a part in a hundred.
   */
  gone: 22_000,
  /** How long a request may take in all, and a write wait for its turn; below the 30 s of common proxies. */
  request: 25_000,
  /** What a write that has waited for its turn has left of its request's time at least: an ordinary one ends in it. */
  remainder: 4_000,
  /** How long a gateway that stops waits for its clients; what has begun to write is waited for besides. */
  drain: 8_000,
  /** How long a claim holds that is not renewed: whoever has one and is slow is not to meet a second one. */
  claim: 30_000,
  /** Between two counts by which a store that was restored is found out: what a dump lacks that is younger is not. */
  highWater: 10_000,
  /** Between two signs of life of whoever changes a flag: several go into a lease. */
  moverSign: 1_000,
  /** Between two looks at it of who waits for its end. */
  moverLook: 250,
  /** How long a move of authority waits for gateways, elections and what is owed. */
  move: 60_000,
  /** For how long a type may be between two stages before any gateway ends what nobody seems to be at. */
  unfinished: 75_000,
} as const
