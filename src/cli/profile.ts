import { access, constants, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { typeOf } from '../entity/type-of.ts'
import { answersOtherwise, profile } from '../jobs/profile.ts'
import { ownAnswer } from '../resolve/own-answer.ts'
import { unlessAborted } from '../util/aborted.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { printJson, say } from './output.ts'
import { positive } from './positive.ts'
import { profilePage } from './profile/page.ts'
import { printProfile } from './profile/print.ts'
import { ProfileProgressLine } from './profile/progress.ts'
import { addReadPreference, type ReadPreferenceOption } from './read-preference.ts'
import { leaving, untilAborted } from './signals.ts'
import { withSession } from './with-session.ts'

interface Options extends ReadPreferenceOption {
  readonly config?: string
  readonly json?: boolean
  readonly sample?: number
  readonly rate?: number
  readonly nice?: boolean
  readonly html?: string
}

const unwritable = (file: string, error: unknown): CrossfadeError =>
  new CrossfadeError('MISCONFIGURED', `${file} cannot be written: ${messageOf(error)}`, { cause: error })

/** @throws MISCONFIGURED before anything is read, where there is no such folder, or it may not be written. */
async function checkWritable(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw unwritable(file, error)
  })
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw unwritable(file, error)
  }
  say(`The page is in ${file}.`)
}

/** What a collection holds, before its type is put behind Crossfade. */
export function profileCommand(): Command {
  const command = new Command('profile')
    .description(
      'what the documents of a type hold in each field and beside them, which answers would be others than today, what would be refused, and which mapping would fit',
    )
    .addHelpText('before', 'Example:\n  crossfade profile Movie --sample 10000\n')
    .addHelpText(
      'after',
      '\nExit codes: 0 all is answered as today, 1 error, 2 something is answered otherwise, or refused',
    )
    .argument('<type>')
    .option('--sample <n>', 'look at so many documents, chosen by chance; default: all', positive)
    .option('--rate <n>', 'read so many documents a second at most', positive)
    .option('--nice', 'go slowly sooner where others suffer from it: by latency and replicas of MongoDB')
  return addReadPreference(command)
    .option('--html <file>', 'write a page with plots, which needs nothing else')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action((type: string, { config, json, sample, rate, nice, readPreference, html }: Options) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const { signal } = untilAborted()
        const line = new ProfileProgressLine(type)
        const entity = typeOf(entities, type)
        if (html !== undefined) await checkWritable(html)
        const profiling = profile({
          mongo: stores.mongo,
          entity,
          entities,
          answer: ownAnswer,
          sample: sample ?? null,
          rate,
          care: nice ? 'nice' : 'usual',
          readPreference,
          signal,
          onProgress: (progress) => line.show(progress),
          log: (text) => {
            line.end()
            say(text)
          },
        })
        const found = await unlessAborted(signal, profiling).catch(leaving('Stopped: nothing was written.'))
        line.end()
        if (json) printJson(found)
        else printProfile(found)
        if (html !== undefined) await write(html, profilePage(found)) // what took hours is told by now
        if (answersOtherwise(found)) process.exitCode = 2 // differs
      }),
    )
}
