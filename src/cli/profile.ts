import { Command, InvalidArgumentError } from 'commander'
import { typeOf } from '../entity/type-of.ts'
import { answersOtherwise, type Finding, type Profile, profile } from '../jobs/profile.ts'
import { ownAnswer } from '../resolve/own-answer.ts'
import { printJson, printTable, say } from './output.ts'
import { leaving, untilAborted } from './signals.ts'
import { withSession } from './with-session.ts'

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.')
  return value
}

const total = (findings: readonly Finding[]): number => findings.reduce((sum, { count }) => sum + count, 0)

const shown = ({ type, count, id, example }: Finding): string =>
  `${count} of ${type}, such as ${example ?? 'one that is hidden'} in ${id}`

function print({ type, documents, ids, fields }: Profile): void {
  process.stdout.write(`${type}: ${documents} documents\n\n`)
  printTable(
    ['field', 'kind', 'null', 'own kind', 'coerced', 'become null', 'answer otherwise'],
    fields.map(({ path, kind, nulls, own, coerced, lost, otherwise }) => [
      path,
      kind,
      nulls,
      own,
      total(coerced),
      total(lost),
      total(otherwise),
    ]),
  )
  process.stdout.write('\n')
  for (const found of ids)
    process.stdout.write(
      `id: ${found.count} of ${found.type}, such as ${found.id}${found.record ? '' : ': no records'}\n`,
    )
  for (const { path, coerced, lost, otherwise } of fields) {
    for (const found of coerced) process.stdout.write(`${path}: coerced: ${shown(found)}\n`)
    for (const found of lost) process.stdout.write(`${path}: becomes null, since it ${found.rule}: ${shown(found)}\n`)
    for (const found of otherwise) process.stdout.write(`${path}: answers otherwise than today: ${shown(found)}\n`)
  }
}

/** What a collection holds, before its type is put behind Crossfade. */
export function profileCommand(): Command {
  return new Command('profile')
    .description(
      'what the documents of a type hold in each field, and which answers would be others than today; exit 2 where any would',
    )
    .addHelpText('before', 'Example:\n  crossfade profile Movie --sample 10000\n')
    .argument('<type>')
    .option('--sample <n>', 'look at so many documents, chosen by chance; default: all', positive)
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print as JSON')
    .action((type: string, { config, json, sample }: { config?: string; json?: boolean; sample?: number }) =>
      withSession(config, async ({ config: { entities }, stores }) => {
        const { signal } = untilAborted()
        const found = await profile({
          mongo: stores.mongo,
          entity: typeOf(entities, type),
          answer: ownAnswer,
          sample: sample ?? null,
          signal,
          onProgress: (done, fields) => say(`${type}: ${done} of ${fields} fields`),
        }).catch(leaving('Stopped.'))
        if (json) printJson(found)
        else print(found)
        if (answersOtherwise(found)) process.exitCode = 2 // differs
      }),
    )
}
