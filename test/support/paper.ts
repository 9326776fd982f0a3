import { defineEntity, embed, float, int, json, list, long, objectId, text, timestamp } from 'crossfade'

/** A type that papers refer to. */
export const Author = defineEntity('Author', {
  mongo: 'authors',
  postgres: 'authors',
  id: objectId(),
  fields: { name: text() },
})

/** A type with everything that two copies can differ in: child tables of values and of objects, and what is unmapped. */
export const Paper = defineEntity('Paper', {
  mongo: 'papers',
  postgres: 'papers',
  id: objectId(),
  fields: {
    title: text(),
    pages: int(),
    score: float(),
    reads: long(),
    sent: timestamp(),
    secret: text().sensitive(),
    isbn: text().unique(),
    tags: list(text()).childTable('paper_tags'),
    notes: list(embed({ by: text(), stars: int() })).childTable('paper_notes'),
    data: json(),
    journal: embed({ name: text(), issue: int() }),
    authorId: objectId().references('Author'),
  },
})

/** Seconds since 1970 at which the first of the papers was made; each of the others a second later. */
export const firstMade = 1_700_000_000

export const paperId = (n: number): string => `${(firstMade + n).toString(16).padStart(8, '0')}${'a'.repeat(16)}`

export const paperValues = (n: number): Readonly<Record<string, unknown>> => ({
  title: `Paper ${n}`,
  pages: n,
  score: n + 0.25,
  reads: BigInt(n) * 10_000_000_000n,
  sent: new Date(1_600_000_000_000 + n),
  secret: `zebra ${n}`,
  isbn: `isbn-${n}`,
  tags: ['red', 'green', 'blue'],
  notes: [
    { by: 'Ann', stars: 1 },
    { by: 'Bob', stars: 2 },
  ],
  data: { a: 1, b: ['x'] },
  journal: { name: 'Nature', issue: n },
})
