import { append, defineEntity, increment, int, list, text } from 'crossfade'
import { checkEntities } from '../../src/entity/checks.ts'

/** What the histories write: each change leaves a token of its own, and counts; a unique value goes from one to another. */
export const Doc = defineEntity('Doc', {
  mongo: 'docs',
  postgres: 'docs',
  id: text(),
  fields: { log: list(text()), n: int(), tag: text().unique() },
})

/** The same in a group, with another type that some mutations write with it. */
export const GroupedDoc: typeof Doc = Object.freeze({ ...Doc, group: 'papers' })

/** Nobody deletes one: what was written to a document together with it stands here for ever. */
export const Twin = defineEntity('Twin', {
  mongo: 'twins',
  postgres: 'twins',
  id: text(),
  group: 'papers',
  fields: { log: list(text()), n: int() },
})
checkEntities([Doc])
checkEntities([GroupedDoc, Twin])

export const withToken = (token: string) => ({ log: append(token), n: increment(1) })
