import type { Command } from 'commander'
import type { BackfillOptions } from '../jobs/backfill-options.ts'
import { positive } from './positive.ts'
import { addReadPreference, type ReadPreferenceOption } from './read-preference.ts'
import { upToEight } from './up-to-eight.ts'
import { upToTenThousand } from './up-to-ten-thousand.ts'

/** How a process takes part in copies. */
export interface CopyOptions extends ReadPreferenceOption {
  readonly batch: number
  readonly rate?: number
  readonly workers: number
  readonly range?: number
  readonly nice?: boolean
}

/** @param texts of `--workers` and `--range`, which mean something else to who begins a copy than to who joins it. */
export const addCopyOptions = (
  command: Command,
  leastWorkers: 0 | 1,
  texts: { readonly workers: string; readonly range: string },
): Command =>
  addReadPreference(command)
    .option('--batch <n>', 'records a batch', upToTenThousand, 500)
    .option('--rate <n>', 'copy so many documents a second at most', positive)
    .option('--workers <n>', texts.workers, upToEight(leastWorkers), 1)
    .option('--range <n>', texts.range, positive)
    .option('--nice', 'go slowly sooner where others suffer from it: by latency, replicas, writes that wait')

/** The same as the job takes it. */
export const copyOptions = ({
  batch,
  rate,
  workers,
  range,
  nice,
}: CopyOptions): Pick<BackfillOptions, 'batch' | 'rate' | 'workers' | 'perRange' | 'care'> => ({
  batch,
  workers,
  care: nice ? 'nice' : 'usual',
  ...(rate ? { rate } : {}),
  ...(range ? { perRange: range } : {}),
})
