import { Command } from 'commander'
import { typeOf } from '../entity/type-of.ts'
import { isClean, type Verified, verify } from '../jobs/verify.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { otherOrigin } from '../util/origin.ts'
import { knownFlags } from './known-flags.ts'
import { printJson, say } from './output.ts'
import { leaving, untilAborted } from './signals.ts'
import { upToTenThousand } from './up-to-ten-thousand.ts'
import { withSession } from './with-session.ts'

function print(found: Verified): void {
  const { type, authority, epoch, compared, different, undecided, quarantined, examples, began, ended } = found
  const mirror = otherOrigin(authority)
  const line = (text: string): void => void process.stdout.write(`${type}: ${text}\n`)
  line(`${compared} records of ${authority} were held against ${mirror}, epoch ${epoch}, from ${began} to ${ended}`)
  if (isClean(found)) {
    line('all are equal, with their versions, and there are no others')
    return
  }
  const counts = [
    [different.content, 'differ'],
    [different.version, 'are equal at unequal versions'],
    [different.missing, `are missing in ${mirror}`],
    [different.extra, `are only in ${mirror}`],
    [undecided, 'were owed or changed each time that they were looked at: see `crossfade mirror status`'],
    [quarantined, 'have no record, since their id does not fit: see `crossfade issues list`'],
  ] as const
  for (const [count, what] of counts) if (count > 0) line(`${count} ${what}`)
  for (const { id, kind, paths, versions } of examples)
    line(
      `${id}: ${kind}${paths.length > 0 ? ` in ${paths.join(', ')}` : ''} (${versions.map((v) => v ?? 'none').join(' and ')})`,
    )
}

/** Whether both stores are equal. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('hold the mirror of a type against the store with authority, record by record; no value is printed')
    .addHelpText('before', 'Example:\n  crossfade verify Movie\n')
    .addHelpText('after', '\nExit codes: 0 all are equal, 1 error, 2 records differ, or could not be compared')
    .argument('[types...]', 'default: every type that has a mirror')
    .option('--batch <n>', 'records a batch', upToTenThousand, 500)
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((types: string[], { config, batch, json }: { config?: string; batch: number; json?: boolean }) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        for (const type of types) typeOf(entities, type)
        const flags = await knownFlags(stores)
        const isMirrored = (type: string): boolean => STAGE_PLAN[flags.get(type)?.stage ?? 'off'].mirror !== null
        const chosen = entities.filter(({ name }) => (types.length === 0 ? isMirrored(name) : types.includes(name)))
        if (chosen.length === 0) say('No type has a mirror. Name one to compare what is there.')
        const { signal } = untilAborted()
        const results: Verified[] = []
        for (const entity of chosen) {
          const found = await verify({ stores, entity, batch, signal }).catch(leaving('Stopped: nothing was verified.'))
          results.push(found)
          if (!json) print(found)
        }
        if (json) printJson(results)
        if (!results.every(isClean)) process.exitCode = 2
      }),
    )
}
