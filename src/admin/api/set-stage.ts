import { checkTogether } from '../../control/groups.ts'
import { setStage } from '../../control/move.ts'
import { flagKeyOf } from '../../entity/flag-key.ts'
import { flagKeyNamed } from '../../entity/type-of.ts'
import { forewarnings } from '../../jobs/forewarnings.ts'
import { moveOptions } from '../../jobs/move-options.ts'
import { isCopied, type Stage } from '../../stage/stage.ts'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { Tasks } from '../tasks.ts'
import { unmetEvidence } from '../unmet-evidence.ts'
import { atMost, said } from './said.ts'
import type { ApiContext, Served } from './served.ts'

/** As `stage set` takes it. */
export interface Change {
  readonly type: string
  readonly stage?: Stage | null
  readonly readPercent?: number | null
  readonly samplePercent?: number | null
  readonly why?: string | null
  readonly force: boolean
  readonly noOtherWriters: boolean
}

export interface Move {
  /** What it has told. */
  readonly lines: string[]
}

const given = (name: string, value: number | null | undefined): number | undefined =>
  value === null || value === undefined ? undefined : atMost(name, value, 100)

/** Changes of stage as commands make them, and how those go that were asked for. */
export function stageChanges({ app, stores, tell, notices }: Served) {
  const { entities } = app
  const tasks = new Tasks<Move>({
    doing: 'is being changed',
    failed({ key: type, by }, error) {
      const reason = tell(error) ?? messageOf(error)
      notices?.send({ event: 'move.failed', type, text: `${type} was not changed: ${reason}`, facts: { by, reason } })
      return reason
    },
  })

  async function start(change: Change, { asker, known }: ApiContext) {
    const { type, stage, force, noOtherWriters } = change
    const key = flagKeyNamed(entities, type)
    const why = change.why ? said('why', change.why) : null
    if (force && why === null)
      throw new CrossfadeError('BAD_USER_INPUT', 'force needs why: the history tells who took what risk.')
    const readPercent = given('readPercent', change.readPercent)
    if (readPercent && readPercent < 100 && !app.subject)
      throw new CrossfadeError(
        'BAD_USER_INPUT',
        'A share of reads needs `subject` in the configuration: see docs/reads.md.',
      )
    const members = entities.filter((entity) => flagKeyOf(entity) === key)
    const names = members.map(({ name }) => name)
    checkTogether((await known.flags()).flags, entities, names)
    const samplePercent = given('samplePercent', change.samplePercent)
    return tasks.start(key, asker.name, { lines: [] }, async ({ lines }) => {
      const line = (text: string): void => void lines.push(text)
      if (stage && isCopied(stage)) for (const each of await forewarnings(stores.mongo, members)) line(each)
      const options = moveOptions({ entities, stores, log: line, evidence: unmetEvidence(app, stores, line) })
      const wanted = { type: key, stage: stage ?? undefined, readPercent, samplePercent, why, force, noOtherWriters }
      const { stage: reached, epoch } = await setStage(options, { ...wanted, by: asker.name })
      line(`${key}: ${reached}, epoch ${epoch}`)
    })
  }

  return { start, list: () => tasks.list() }
}

/** Of what the contract calls a move. */
export const moveFields = { lines: ({ progress }: { readonly progress: Move }) => progress.lines }
