/** The contract of the admin port. Words are those of the commands, and of docs/glossary.md. */
export const typeDefs = /* GraphQL */ `
  "A time, as ISO 8601 has it."
  scalar DateTime
  "Anything: what was compared, redacted by the mapping."
  scalar JSON

  enum Role { viewer qa operator }
  enum Stage { off dualwrite shadow live rampdown complete }
  enum Origin { mongo postgres }
  enum FlagState { steady draining handed forming retired }
  enum MismatchKind { divergence version missing extra order error }
  enum GroupState { open covered closed }
  enum GroupSort { count firstAt lastAt }
  enum Verdict { bug accepted noise }
  enum RecheckState { differs agrees undecided untold }

  "What changes together."
  enum Topic { types mismatches outbox jobs history }

  type Query {
    me: Me!
    "The types of the mapping, or those that are named."
    types(names: [String!]): [MovingType!]!
    "Stores that do not answer: what they alone know is not told."
    silent: [SilentStore!]!
    "Groups of differences, the largest or the newest first."
    mismatches(
      state: GroupState = open
      type: String
      kind: MismatchKind
      "A part of group, resolver, path, or the name of whom it was given to, in any case."
      text: String
      sort: GroupSort = count
      "200 at most."
      first: Int = 50
      skip: Int = 0
    ): Groups!
    "By its name, or an unambiguous beginning of it."
    mismatch(group: String!): Mismatch
    "What is counted apart, by whose word, until when; those that are over too."
    rules: [Rule!]!
    "Records that the other store refuses, of all types or one."
    deadLetters(type: String): [DeadLetter!]!
    "A record as both stores have it now, without what the mapping hides."
    record(type: String!, id: String!): RecordInBoth!
    "Values that could not be carried, of all types or one."
    issues(type: String): [IssueGroup!]!
    "The last copy of each type, as far as there was one."
    copies: [Copy!]!
    "Changes of flags that were asked for at this gateway, the newest first; twenty are told of."
    changes: [Move!]!
    "Likewise verifications."
    verifications: [Verification!]!
    "Likewise replays of what was recorded."
    replays: [Replay!]!
    "What gateways of this data directory have recorded."
    recorded: Recorded!
    "Who changed what, newest first; 200 at most."
    history(type: String, last: Int = 50): [Change!]!
  }

  type Me {
    name: String!
    role: Role!
  }

  type SilentStore {
    store: Origin!
    "Where it is, why it does not answer, and what to do."
    why: String!
  }

  type MovingType {
    name: String!
    "Null where no store that answers knows its flag."
    flag: Flag
    "By which names the kill switch is on for it: its own, its group's, or all; empty where it is not."
    killedAs: [String!]!
    "What both stores took for the same reads; null where nothing was compared."
    latency: Latency
    "Comparisons that ended in one way, and reads that were sampled and not compared."
    verdicts: [VerdictCount!]
    "What was decided in each of the last hours (UTC), the oldest first, the present one last; 168 at most."
    recent(hours: Int! = 24): [ComparedHour!]
    "What the store with authority owes the other one."
    owed: Owed
    coverage: Coverage
    "What is proved, and what a change of stage still asks for; default: the next one."
    evidence(to: Stage): Evidence
  }

  type Flag {
    "The type, or its group."
    key: String!
    members: [String!]!
    stage: Stage!
    state: FlagState!
    "While it moves."
    target: Stage
    epoch: Int!
    "The store that writes go to first."
    authority: Origin!
    "The store that reads go to."
    reads: Origin!
    "The store that reads are compared with, or go to in part."
    candidate: Origin
    "The epoch since which the store without authority is kept equal; null until a copy has made it so."
    fresh: Int
    readPercent: Float!
    samplePercent: Float!
    "Why its reads were taken back; null where they were not."
    returned: Returned
    "The stage that a provider of flags asks for."
    desired: Stage
    "The store with authority does not confirm it: it was restored, or has lost it."
    isLost: Boolean!
  }

  type Returned {
    at: DateTime!
    by: String!
    why: String!
    readPercent: Float!
  }

  type Latency {
    mongo: StoreLatency!
    postgres: StoreLatency!
  }

  "Times in milliseconds."
  type StoreLatency {
    reads: Float!
    p50: Float
    p95: Float
    p99: Float
    "The share of the reads that failed."
    failed: Float
  }

  type VerdictCount {
    verdict: String!
    count: Float!
  }

  "Comparisons that were decided, and how many of them found a difference that no rule covers."
  type ComparedHour {
    compared: Float!
    diverged: Float!
  }

  type Owed {
    owed: Int!
    "Since when the oldest is."
    oldest: DateTime
    deadLetters: Int!
    conflicts: Int!
  }

  type Coverage {
    mapping: String!
    sinceEpoch: Int!
    fields: [FieldCoverage!]!
    "Of results that are compared as a whole."
    results: [ResolverCoverage!]!
    "All that was asked for was compared."
    isProved: Boolean!
  }

  type FieldCoverage {
    field: String!
    "Empty where no client has asked for it."
    readBy: [ResolverCoverage!]!
  }

  type ResolverCoverage {
    resolver: String!
    asked: Float!
    compared: Float!
    matched: Float!
    repeated: Float!
    flapped: Float!
    lastAt: DateTime
  }

  type Evidence {
    from: Stage!
    to: Stage!
    epoch: Int!
    mapping: String!
    gates: [Gate!]!
    "The last; it may be of an earlier state."
    signOff: SignOff
    "For a change ticket, in Markdown."
    report: String!
  }

  type Gate {
    gate: String!
    met: Boolean!
    found: String!
    remedy: String
  }

  type SignOff {
    by: String!
    why: String
    at: DateTime!
    epoch: Int!
    mapping: String!
  }

  type Groups {
    "How many there are in all."
    total: Int!
    groups: [Group!]!
  }

  "Groups count everything."
  type Group {
    name: String!
    type: String!
    resolver: String!
    kind: MismatchKind!
    path: String!
    count: Float!
    "Counts of each of the last hours (UTC), the oldest first, the present one last; 168 at most."
    recent(hours: Int! = 24): [Float!]!
    firstAt: DateTime!
    lastAt: DateTime!
    closedAt: DateTime
    closedWhy: String
    reopenedAt: DateTime
    isBug: Boolean!
    assignee: String
    "What covers it by now, so that it is not open."
    rule: Rule
  }

  type Mismatch {
    group: Group!
    "What was said of it, oldest first."
    notes: [Note!]!
    "One a record, the newest first; 20 at most are kept."
    examples: [Example!]!
  }

  type Note {
    at: DateTime!
    by: String!
    act: String!
    text: String!
    until: DateTime
  }

  type Example {
    id: String
    at: DateTime!
    example: JSON!
  }

  type Rule {
    name: String!
    "The group that it was made for."
    group: String!
    type: String!
    kind: MismatchKind!
    path: String!
    "Null: wherever the type is read, and for verify."
    resolver: String
    verdict: Verdict!
    by: String!
    why: String!
    at: DateTime!
    until: DateTime!
    isInForce: Boolean!
  }

  type DeadLetter {
    type: String!
    id: String!
    owedBy: Origin!
    version: String!
    reason: String!
    tries: Int
    nextTry: DateTime
    "Null where it was not dropped."
    droppedWhy: String
  }

  "Null where a store never had it."
  type RecordInBoth {
    mongo: StoredCopy
    postgres: StoredCopy
    fields: [FieldInBoth!]!
    "Paths that differ and are no fields."
    others: [String!]!
    "Groups of differences that it is an example of, the newest first; 50 at most."
    findings: [RecordFinding!]
  }

  type RecordFinding {
    "By its name."
    group: String!
    resolver: String!
    kind: MismatchKind!
    path: String!
    "When it was last seen there."
    at: DateTime!
  }

  type StoredCopy {
    version: String!
    "Its store owes it to the other one."
    isOwed: Boolean!
    isDeleted: Boolean!
    issues: [Issue!]!
  }

  type Issue {
    path: String!
    rule: String!
  }

  type FieldInBoth {
    path: String!
    mongo: JSON
    postgres: JSON
    differs: Boolean!
  }

  type IssueGroup {
    type: String!
    group: String!
    path: String!
    rule: String!
    count: Float!
    "The first of the records."
    ids: [String!]!
    "More than so many are open again."
    accepted: AcceptedIssues
  }

  type AcceptedIssues {
    count: Float!
    by: String!
    why: String!
    at: DateTime!
    "From when on they are open again; null where that has no end."
    until: DateTime
  }

  "By all who work on it."
  type Copy {
    type: String!
    "The store that is copied."
    from: Origin!
    "About; null where it is not known."
    total: Float
    seen: Float!
    copied: Float!
    "Records that differed; the replaced copies are in conflicts."
    mended: Float!
    removed: Float!
    quarantined: Float!
    refused: Float!
    done: Boolean!
    ended: DateTime
    ranges: Int!
    rangesDone: Int!
    isPaused: Boolean!
    "Documents a second at most, of all who copy it."
    limit: Float
    "Why those who work on it go slowly: latency, replicas that are behind, writes that wait for the mirror."
    slow: [String!]!
    "Processes that work on it."
    owners: [String!]!
  }

  type Move {
    "The type, or its group."
    key: String!
    by: String!
    startedAt: DateTime!
    "What it told so far."
    lines: [String!]!
    "Null while it is under way."
    endedAt: DateTime
    "Why it was not made."
    error: String
  }

  type Verification {
    type: String!
    by: String!
    startedAt: DateTime!
    "Records of the store with authority that were held against the other one so far."
    compared: Float!
    "About; null where it is not known."
    total: Float
    "Those that are known to differ; what seems to is looked at again first."
    unequal: Float!
    "Null while it is under way."
    endedAt: DateTime
    "Why nothing was verified."
    error: String
    found: Verified
  }

  type Verified {
    "Nothing differs, and nothing was left undecided."
    isClean: Boolean!
    authority: Origin!
    epoch: Int!
    mapping: String!
    compared: Float!
    "Records that the other store does not have."
    missing: Float!
    "Those that it has alone."
    extra: Float!
    "Those whose values differ."
    content: Float!
    "Those whose versions do."
    version: Float!
    "Those that rules cover, or that were accepted; in none of the other counts."
    accepted: Float!
    "Those that were owed or changed each time that they were looked at."
    undecided: Float!
    "Documents that have no record."
    quarantined: Float!
    "Values that are to be unique, and are not."
    duplicates: Float!
    "References that lead nowhere."
    dangling: Float!
    "Some of those that differ."
    examples: [UnequalRecord!]!
  }

  type Recorded {
    files: Int!
    bytes: Float!
    "When the last of it was written."
    lastAt: DateTime
  }

  type Replay {
    "Null: all that was recorded."
    field: String
    by: String!
    startedAt: DateTime!
    "Operations that were asked so far."
    done: Float!
    "Those that differ, so far."
    different: Float!
    "Null while it is under way."
    endedAt: DateTime
    "Why nothing is known of it."
    error: String
    found: Replayed
  }

  type Replayed {
    "All that could be compared is equal, and something was."
    isEqual: Boolean!
    a: String!
    b: String!
    "Operations that were decided."
    compared: Float!
    equal: Float!
    different: Float!
    "Those that went on changing."
    undecided: Float!
    "Those that a store did not answer, twice."
    unanswered: Float!
    "Lines of the recording."
    unreadable: Float!
    notCompared: NotCompared!
    "Types of which one store's copy is not kept equal."
    stale: [StaleType!]!
    "Recorded under another contract than the one of today."
    otherContract: Boolean!
    "The first hundred lines that cannot be read, and operations that were not answered."
    problems: [String!]!
    groups: [DifferingAnswers!]!
  }

  type NotCompared {
    mutations: Float!
    subscriptions: Float!
    "They ask for what was not recorded, since it is sensitive."
    tokens: Float!
    "They do not fit the contract of today."
    unfit: Float!
    "They do not select the field."
    others: Float!
    "Both stores refuse them for the same reason."
    refusedAlike: Float!
  }

  type StaleType {
    type: String!
    operations: Float!
  }

  "Operations of one name that differ at one path."
  type DifferingAnswers {
    operation: String!
    path: String!
    kind: String!
    count: Float!
    examples: [DifferingAnswer!]!
  }

  type DifferingAnswer {
    "The line of the recording."
    place: String!
    "The first such place in the answers."
    at: String!
    "The shape alone where a type that was read marks anything sensitive."
    a: JSON
    b: JSON
    records: [DifferingRecord!]!
  }

  type DifferingRecord {
    type: String!
    id: String!
    paths: [String!]!
  }

  type Kill {
    "What is killed behind it."
    killed: [String!]!
    "Who could not be told, and why: gateways that see nobody else go on as before."
    untold: [String!]!
  }

  type Repaired {
    "Those of the group that have an id."
    records: Int!
    "Those that differed still."
    unequal: [UnequalRecord!]!
    "Those that were owed or changed each time that they were looked at."
    undecided: [String!]!
    put: Int!
    "Copies that the store with authority does not have."
    buried: Int!
    "Those that the other store refuses."
    keptOut: [String!]!
    "Those that differ behind it."
    left: [UnequalRecord!]!
  }

  type UnequalRecord {
    id: String!
    kind: String!
    paths: [String!]!
  }

  type Retried {
    mirrored: [String!]!
    refused: [String!]!
    "How much is owed still."
    owed: Int!
  }

  type Change {
    at: DateTime!
    key: String!
    value: JSON!
  }

  type Rechecked {
    id: String
    state: RecheckState!
    "How the record differs now, there or elsewhere."
    kind: String
    paths: [String!]!
  }

  "Groups and rules are named as by mismatch. Who did it is kept, by the name of the token."
  type Mutation {
    comment(group: String!, text: String!): Group!
    assign(group: String!, to: String!): Group!
    "A bug stays open until it is closed; accepted and noise need an end, 366 days ahead at most."
    judge(
      group: String!
      verdict: Verdict!
      why: String!
      until: DateTime
      "For the group's resolver alone."
      hereOnly: Boolean = false
    ): Group!
    dropRule(rule: String!, why: String!): Rule!
    "Until it is seen again."
    close(group: String!, why: String!): Group!
    "Reads the records of a group's examples in both stores now."
    recheck(group: String!): [Rechecked!]!
    "Begins to hold all records of a type in both stores against each other: verifications tells how it goes."
    verify(type: String!): Verification!
    "Whether one was under way at this gateway."
    stopVerify(type: String!): Boolean!
    "Begins to ask recorded queries of both stores again, those that select a field (Query.movie) or all: replays tells."
    replay(field: String): Replay!
    "Whether one was under way at this gateway."
    stopReplay: Boolean!
    "Puts the name of the token to what is proved of a type; it holds until authority moves or the mapping changes."
    sign(type: String!, to: Stage, why: String): Evidence!
    "Says that a type may move although there are so many of a group."
    acceptIssues(type: String!, group: String!, why: String!, until: DateTime): IssueGroup!
    "Begins to change a flag: changes tells how it goes. Gates that are not met refuse it unless it is forced."
    setStage(
      type: String!
      stage: Stage
      readPercent: Float
      samplePercent: Float
      "Kept in the history; force needs it."
      why: String
      force: Boolean! = false
      "Nobody but gateways writes to the type, or will from now on."
      noOtherWriters: Boolean! = false
    ): Move!
    "Makes the records of a group equal, from the store with authority; first what it would do."
    repair(type: String!, group: String!, isDryRun: Boolean! = true): Repaired!
    "Has all who copy the type wait, or go on, or go by another rate; 0 for none."
    controlCopy(type: String!, isPaused: Boolean, limit: Float): Boolean!
    "Tries records again that the other store refuses: one, or all of a type."
    retry(type: String!, id: String): Retried!
    "Gives up what the other store refuses of a record; the stores stay unequal in it."
    drop(type: String!, id: String!, why: String!): Boolean!
    "A type, a group, or all: at the gateways of this data directory, and by the stores and peers at all others."
    kill(type: String!, on: Boolean!): Kill!
  }

  type Subscription {
    "Which of these topics has changed, each time within two seconds or so. It ends within a minute: ask again."
    changed(topics: [Topic!]!): Topic!
  }
`
