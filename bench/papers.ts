import { defineEntity, embed, float, int, list, objectId, text, timestamp } from 'crossfade'
import type { Entity } from '../src/entity/entity.ts'
import { encodeId } from '../src/stores/mongo/codec/encode.ts'

const plain = {
  title: text(),
  body: text(),
  author: text(),
  pages: int(),
  score: float(),
  sent: timestamp(),
  seen: timestamp(),
  place: text(),
  journal: text(),
  issue: int(),
}

/** Documents of about 1 KB. */
export const Flat = defineEntity('FlatPaper', {
  mongo: 'flat_papers',
  postgres: 'flat_papers',
  id: objectId(),
  fields: plain,
})

/** The same with a list of values and one of objects, each in a child table. */
export const Nested = defineEntity('NestedPaper', {
  mongo: 'nested_papers',
  postgres: 'nested_papers',
  id: objectId(),
  fields: {
    ...plain,
    tags: list(text()).childTable('nested_tags'),
    notes: list(embed({ by: text(), stars: int() })).childTable('nested_notes'),
  },
})

const words = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor '

/** Always the same for one number. */
export function document(entity: Entity, n: number): Record<string, unknown> {
  const isNested = entity === Nested
  const body = words.repeat(isNested ? 6 : 9)
  return {
    _id: encodeId(entity, (1_600_000_000 + n).toString(16).padStart(8, '0') + 'b'.repeat(16)),
    title: `On the matter of ${n}`,
    body: body.slice(n % 50),
    author: `Author ${n % 1_000}`,
    pages: n % 700,
    score: (n % 997) / 8 + 0.125,
    sent: new Date(1_500_000_000_000 + n * 1_000),
    seen: new Date(1_600_000_000_000 + n),
    place: `Place ${n % 100}`,
    journal: `Journal of ${n % 50}`,
    issue: n % 12,
    ...(isNested
      ? {
          tags: [`tag ${n % 7}`, `tag ${n % 11}`, `tag ${n % 13}`],
          notes: [
            { by: `Reader ${n % 90}`, stars: n % 5 },
            { by: `Reader ${n % 80}`, stars: n % 4 },
          ],
        }
      : {}),
  }
}
