import { killedKind } from '../../control/killed-by-stores.ts'
import { copyKind } from '../../evidence/copied.ts'
import { controlKind } from '../../jobs/copy-control.ts'
import { rangeKind } from '../../jobs/range-state.ts'
import { deadLetterKind } from '../../mirror/dead-letters.ts'
import { askEither } from '../../stores/ask-either.ts'
import { flagKind } from '../../stores/ledger.ts'
import type { Store } from '../../stores/store.ts'
import type { replays } from './replays.ts'
import type { Served } from './served.ts'
import type { stageChanges } from './set-stage.ts'
import type { verifications } from './verifications.ts'

/** What each topic of the contract is told by: little to read, and another once what a page shows has changed. */
export function marks(
  { app: { entities }, stores, killed }: Served,
  changes: ReturnType<typeof stageChanges>,
  verifying: ReturnType<typeof verifications>,
  replaying: ReturnType<typeof replays>,
) {
  const { findings } = stores.postgres
  const revisions = async (...kinds: readonly string[]) => {
    const { answers } = await askEither(stores, ({ ledger }: Store) => ledger.list(...kinds))
    return answers.map((entries) => entries.map(({ kind, key, revision }) => [kind, key, revision]))
  }
  const ranges = entities.map(({ name }) => rangeKind(name))
  return {
    types: async () => [
      killed.list(),
      await revisions(flagKind, killedKind),
      await findings.verdicts().catch(() => null),
    ],
    mismatches: () => findings.lastChange(),
    outbox: async () => {
      const { answers } = await askEither(stores, ({ outbox }: Store) => outbox.backlogs(entities))
      return [answers.map((backlogs) => [...backlogs]), await revisions(deadLetterKind)]
    },
    jobs: async () => [
      changes.list(),
      verifying.list(),
      replaying.list(),
      await revisions(copyKind, controlKind, ...ranges),
    ],
    history: async () => {
      const { answers } = await askEither(stores, ({ ledger }: Store) => ledger.tail('stage', 1))
      return answers
    },
  }
}
