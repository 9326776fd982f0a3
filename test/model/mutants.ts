/** A text of the code, and what stands in its place. */
interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** One safeguard taken out of the code: the histories must notice. */
export interface Mutant extends Edit {
  readonly name: string
  /** Others that would stand in for it, taken out with it: the two are each the other's second line. */
  readonly without?: readonly Edit[]
  /** Why no history can notice, and which test does: it is not tried then. */
  readonly covered?: string
}

export const editsOf = ({ file, from, to, without = [] }: Mutant): readonly Edit[] => [{ file, from, to }, ...without]

/** A gateway has acknowledged a flag before its puts have ended. */
const putsCounted: Edit = {
  file: 'src/routing/writes.ts',
  from: 'void puts.finally(() => {',
  to: 'void Promise.resolve().finally(() => {',
}

/** A put asks for the epoch of the flag before it reveals what it has inserted. */
const epochOfPut: Edit = {
  file: 'src/stores/mongo/arriving.ts',
  from: 'if (overtaken || forbids(',
  to: 'if (forbids(',
}

/** The same before it removes something. */
const epochOfRemoval: Edit = {
  file: 'src/stores/mongo/bulk-put.ts',
  from: 'images.some(({ record }) => record === null) && isOvertaken(connection, entity, under)',
  to: 'false',
}

/** By the names that the design has for its rules. */
export const mutants: readonly Mutant[] = [
  {
    name: 'lease',
    file: 'src/control/store-watch.ts',
    from: 'performance.now() - this.#leaseFrom < times.lease',
    to: 'true',
  },
  {
    name: 'registration before read',
    file: 'src/control/store-watch.ts',
    from: 'if (!registration.isFresh) await this.#renew()\n      const leaseFrom = registration.beganAt',
    to: 'const leaseFrom = performance.now()',
  },
  {
    name: 'clock of the store',
    file: 'src/control/instances.ts',
    from: 'ageMs < times.gone',
    to: 'ageMs < times.gone / 10',
  },
  {
    name: 'acknowledgement of writes',
    file: 'src/routing/permits.ts',
    from: 'return open.length > 0 ? Math.min(...open) : present',
    to: 'return present',
  },
  { name: 'puts counted', ...putsCounted, without: [epochOfPut, epochOfRemoval] },
  {
    name: 'guard of a put, mongo',
    file: 'src/stores/mongo/put.ts',
    from: "return order === 0 && isArriving(stored) ? 'sameArriving' : 'asNew'",
    to: "return order === 0 && isArriving(stored) ? 'sameArriving' : 'older'",
  },
  {
    name: 'tombstone look',
    file: 'src/stores/mongo/arriving.ts',
    from: 'if (overtaken || forbids(tombstones.get(id), version)) {',
    to: 'if (overtaken) {',
  },
  {
    name: 'arriving',
    file: 'src/stores/mongo/put.ts',
    from: '{ ...mirrored(image.version), arriving }',
    to: '{ ...mirrored(image.version) }',
  },
  {
    name: 'arriving settled',
    file: 'src/mirror/sweep.ts',
    from: 'arrivingMs === undefined ? 0 : await replica.settleArriving(entity, arrivingMs)',
    to: '0',
  },
  {
    name: 'epoch of a put, mongo',
    ...epochOfPut,
    without: [putsCounted],
    covered:
      'tombstones stand in for it, but for what was deleted in `off`, which leaves none: a put has to be on its way since ' +
      '`live`. None of 300 histories that go that way has had it: test/faults/put-fence',
  },
  {
    name: 'epoch of what is removed, mongo',
    ...epochOfRemoval,
    without: [putsCounted],
    covered:
      'a removal takes away nothing above its own version: what a later authority writes is of a higher epoch, and what it ' +
      'took over is as the one before had it. Where authority was forced to a store that was never made equal, which no ' +
      'history does, what it has is lost without it: test/faults/put-fence',
  },
  {
    name: 'look behind a create',
    file: 'src/stores/mongo/authority.ts',
    from: 'return isMade ? image : aboveTombstone(entity, image, stamp)',
    to: 'return image',
  },
  {
    name: 're-read after the mirror',
    file: 'src/mirror/judge.ts',
    from: "if (!copy || !present || compareVersions(present.version, image.version) !== 0) return 'owed' // changed meanwhile",
    to: "present &&= image; if (!copy || !present) return 'owed'",
  },
  {
    name: 'drain',
    file: 'src/control/move.ts',
    from: 'drained(options, patience, type, from),',
    to: '',
    without: [
      { file: 'src/control/move.ts', from: 'options.caughtUp && (await patiently', to: 'false && (await patiently' },
    ],
  },
  {
    name: 'fence',
    file: 'src/control/move.ts',
    from: 'await acknowledged(options, patience, draining)',
    to: '',
  },
  {
    name: 'freshness',
    file: 'src/control/move-gates.ts',
    from: '...(movesAuthority(was.stage, to) ? uncopied(was) : [])',
    to: '...[]',
  },
  {
    name: 'epoch of a mirror that begins',
    file: 'src/control/move.ts',
    from: '{ epoch: was.epoch + 1, fresh: null, copied: [] }',
    to: '{}',
  },
  {
    name: 'epoch of a copy',
    file: 'src/control/flag-store.ts',
    from: 'flag.epoch !== epoch || ',
    to: '',
  },
  {
    name: 'a copy behind all acknowledgements',
    file: 'src/jobs/backfill.ts',
    from: 'if (flag) await untilOwed(options, flag)',
    to: '',
  },
  {
    name: 'acknowledgement of a mirror that begins',
    file: 'src/control/move.ts',
    from: 'await acknowledged(options, patience, next)',
    to: '',
    covered:
      'a mirror is believed since a copy alone, and each copy waits for the same: see “a copy behind all acknowledgements”. ' +
      'It is there so that a mutation is owed, or is not, as the command has said when it ends: test/control/instances',
  },
  {
    name: 'marks without authority',
    file: 'src/mirror/sweep.ts',
    from: 'if (options.epoch !== undefined && arrivingMs !== undefined)',
    to: 'if (options.epoch === 0)',
  },
  {
    name: 'marks',
    file: 'src/stores/mongo/bookkeeping.ts',
    from: 'stamp.owed ? { pending: owedSince } : {}',
    to: '{}',
  },
  {
    name: 'changes that are told from none',
    file: 'src/stores/mongo/patch-stages.ts',
    from: '[isBytewise, ...equal]',
    to: '[isBytewise]',
  },
  {
    name: 'version of a cleared mark',
    file: 'src/stores/mongo/outbox.ts',
    from: 'filter: allOf({ _id: encodeId(entity, id) }, atVersion(version)),\n            update: { $unset',
    to: 'filter: { _id: encodeId(entity, id) },\n            update: { $unset',
  },
  {
    name: 'epoch of the writer, mongo',
    file: 'src/stores/mongo/guarded-changes.ts',
    from: 'alive, notNewerThan(stamp.epoch), guard)',
    to: 'alive, guard)',
  },
  {
    name: 'tombstones before what they bury',
    file: 'src/mirror/graves.ts',
    from: 'lost.length > 0 && !(await authority.bury(entity, lost.map(tombstoneOf), under))',
    to: 'lost.length < 0',
  },
  {
    name: 'unfinished moves',
    file: 'src/control/flag-keeper.ts',
    from: 'performance.now() - since > times.unfinished',
    to: 'performance.now() - since < 0',
  },
  {
    name: 'one transaction',
    file: 'src/routing/steps.ts',
    from: 'const authority = joint ?? store.authority',
    to: 'const { authority } = store',
  },
  {
    name: 'steps that are run again',
    file: 'src/stores/mongo/replayed-steps.ts',
    from: 'if (tries > 1) await this.#replay()',
    to: 'if (tries > 1) this.#present = this.#begin()',
  },
  {
    name: 'what code has seen',
    file: 'src/routing/steps.ts',
    from: 'authority.patch(entity, id, patch, stamp, { at: image.version })',
    to: 'authority.patch(entity, id, patch, stamp)',
  },
  {
    name: 'condition of a patch',
    file: 'src/routing/steps.ts',
    from: 'authority.patch(entity, parseId(entity, id), patch, stamp, guard)',
    to: 'authority.patch(entity, parseId(entity, id), patch, stamp)',
  },
]
