import { randomUUID } from 'node:crypto'
import { newObjectId } from '../util/object-id.ts'
import type { IdKinds } from './entity.ts'

/** What makes an id where the mapping does not say, for each kind that an id may be of; null where nothing does. */
export const newIds: { readonly [K in keyof IdKinds]: (() => IdKinds[K]) | null } = {
  objectId: () => newObjectId(),
  uuid: () => randomUUID(),
  text: null,
  int: null,
  longId: null,
  compositeId: null,
}
