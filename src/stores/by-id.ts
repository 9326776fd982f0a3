import type { Id } from '../entity/entity.ts'
import type { Image } from './store.ts'

/** Images by their ids. */
export const byId = (images: readonly Image[]): Map<Id, Image> => new Map(images.map((image) => [image.id, image]))
