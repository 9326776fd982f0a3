import { Command } from 'commander'
import type { Part } from '../jobs/asked-records.ts'
import type { VerifyProgress } from '../jobs/verification.ts'
import { isClean, type Verified, verify } from '../jobs/verify.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { tellAsker, untilNobodyAsks } from './jobs-apart.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, say } from './output.ts'
import { partOf, withPartOptions } from './part-options.ts'
import { positive } from './positive.ts'
import { printVerified } from './print-verified.ts'
import { RateLine } from './rate-line.ts'
import { addReadPreference, type ReadPreferenceOption, readingFrom } from './read-preference.ts'
import { leaving } from './signals.ts'
import { typesNamed } from './types-named.ts'
import { upToTenThousand } from './up-to-ten-thousand.ts'
import { withSession } from './with-session.ts'

interface Options extends Part, ReadPreferenceOption {
  readonly config?: string
  readonly batch: number
  readonly rate?: number
  readonly nice?: boolean
  readonly anew?: boolean
  readonly json?: boolean
}

/** Whether both stores are equal. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('hold the mirror of a type against the store with authority, record by record; no value is printed')
    .addHelpText('before', 'Examples:\n  crossfade verify Movie\n  crossfade verify Movie --sample 5%\n')
    .addHelpText('after', '\nExit codes: 0 all are equal, 1 error, 2 records differ, or could not be compared')
    .argument('[types...]', 'default, and `all`: every type that has a mirror')
  return addReadPreference(withPartOptions(command))
    .option('--batch <n>', 'records a batch, and fewer where they are large', upToTenThousand, 500)
    .option('--rate <n>', 'records a second at most', positive)
    .option('--nice', 'go slowly sooner where others suffer from it: by latency, replicas, writes that wait')
    .option('--anew', 'begin again, where a run over a whole type was cut off')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((types: string[], { config, batch, rate, nice, anew, json, readPreference, ...part }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const named = typesNamed(entities, types)
        const flags = await knownFlags(stores)
        const isMirrored = (type: string): boolean => STAGE_PLAN[flags.get(type)?.stage ?? 'off'].mirror !== null
        const chosen = entities.filter((each) => (named.length === 0 ? isMirrored(each.name) : named.includes(each)))
        if (chosen.length === 0) say('No type has a mirror. Name one to compare what is there.')
        for (const { name } of chosen)
          if (!isMirrored(name))
            say(`${name} has no mirror at the moment: what the other store has is left from earlier.`)
        const signal = untilNobodyAsks()
        const results: Verified[] = []
        for (const entity of chosen) {
          const line = new RateLine('verify', entity.name)
          const onProgress = (progress: VerifyProgress): void => {
            const { compared, total, before, ...told } = progress
            line.show({ done: compared, total, before }, told)
            tellAsker({ progress })
          }
          const from = readingFrom(stores, { readPreference })
          const asked = {
            stores: from,
            entity,
            entities,
            batch,
            ...(rate === undefined ? {} : { rate }),
            care: nice ? ('nice' as const) : ('usual' as const),
            isAnew: anew === true,
            part: partOf(part),
            onProgress,
            log: say,
            signal,
          }
          const found = await verify(asked).catch(
            leaving('Stopped: nothing was verified. Run it again to go on from here.'),
          )
          line.end()
          results.push(found)
          tellAsker({ found })
          if (!json) printVerified(found)
        }
        if (json) printJson(results)
        if (results.length === 0 || !results.every(isClean)) process.exitCode = 2 // nothing is proved by nothing
      }),
    )
}
