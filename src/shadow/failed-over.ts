import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'

/** Why a read was not compared: the other store answered in the place of the one that was to. */
export class FailedOver extends CrossfadeError {
  constructor(to: Origin) {
    super('UNAVAILABLE', `${to} answered in its place, so nothing was compared.`)
  }
}
