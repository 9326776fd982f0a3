import { CrossfadeError } from '../util/errors.ts'

/** A copy belongs to one epoch of its type's flag: in another one it may be of the wrong store. */
export const overtaken = (type: string): CrossfadeError =>
  new CrossfadeError('TRY_AGAIN', `The stage of ${type} was changed meanwhile: run it again.`)
