import { isStage, type Stage, stages } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'

/** @throws BAD_USER_INPUT where there is no such stage. */
export function stageOf(text: string): Stage {
  if (isStage(text)) return text
  throw new CrossfadeError('BAD_USER_INPUT', `There is no stage ${text}; there are ${stages.join(', ')}.`)
}
