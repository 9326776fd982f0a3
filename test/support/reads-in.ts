import { type Flag, initialFlag } from '../../src/control/flag.ts'
import { Admitted } from '../../src/routing/admitted.ts'
import { FailOvers } from '../../src/routing/fail-overs.ts'
import type { Read } from '../../src/routing/read.ts'
import { ReadBreakers } from '../../src/routing/read-breakers.ts'
import { Reads } from '../../src/routing/reads.ts'
import { RecentWrites } from '../../src/routing/recent-writes.ts'
import type { Routing } from '../../src/routing/routing.ts'
import { Account } from './account.ts'

/** What a gateway's reads work with, whose flags, watches and looks are as a test says. */
export function routingOf(flag: Partial<Flag>, parts: object, logged: string[] = []): Routing {
  const routing = {
    flags: {
      get: (type: string) => ({ ...initialFlag(type), fresh: 1, samplePercent: 0, ...flag }),
      isDown: () => false,
      onDown: () => () => undefined,
    },
    killSwitch: { isOn: () => false },
    sweeper: { lagMs: () => 0 },
    shadow: { statistics: { of: () => ({ reads: 0 }) }, asked: () => undefined },
    failOvers: new FailOvers((_level, message) => logged.push(message)),
    breakers: new ReadBreakers((_level, message) => logged.push(message)),
    errorBudgets: { isSpent: () => false, note: () => undefined },
    recentWrites: new RecentWrites(2_000),
    readsUnderWay: { mongo: new Admitted(), postgres: new Admitted() },
    limits: { statements: 200, records: 50_000, textLength: 2_000 },
    ...parts,
  }
  return routing as unknown as Routing
}

/** The reads of one request. */
export const requestTo = (routing: Routing, isMutation = false): Reads => new Reads(routing, () => 'anna', isMutation)

/** What a read is answered, or why it is not. */
export const answerOf = (reads: Reads, ask: Read<string>['ask']): Promise<unknown> => {
  const asked = { entity: Account, resolver: 'Query.account', args: () => null, ask } as Partial<Read<string>>
  return reads.run(asked as Read<string>).catch((error: unknown) => error)
}
