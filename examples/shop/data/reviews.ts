import type { Json } from 'crossfade'
import { type Document, date, document, objectId } from './document.ts'
import type { Random } from './random.ts'

const TEXTS = ['As described.', 'Better than the picture.', 'Came late.', 'Would buy again.', 'Überraschend gut.', '']

/** Reviews of the products, and of some that are gone. */
export const reviews = (random: Random, count: number, skus: readonly Json[]): Document[] =>
  Array.from({ length: count }, (_, place) =>
    document({
      _id: objectId(place + 1),
      product: place % 21 === 10 ? 'discontinued-1' : random.pick(skus),
      stars: random.oneIn(8) ? String(random.between(1, 5)) : random.between(1, 5),
      text: random.oneIn(4) ? undefined : random.pick(TEXTS),
      signed: random.oneIn(3) ? null : random.pick(['A. B.', 'Lena', 'a reader']),
      written_at: date(random.between(100, 700)),
    }),
  )
