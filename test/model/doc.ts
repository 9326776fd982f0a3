import { append, defineEntity, increment, int, list, text } from 'crossfade'
import { checkEntities } from '../../src/entity/checks.ts'

/** What the histories write: each change leaves a token of its own, and counts; a unique value goes from one to another. */
export const Doc = defineEntity('Doc', {
  mongo: 'docs',
  postgres: 'docs',
  id: text(),
  fields: { log: list(text()), n: int(), tag: text().unique() },
})
checkEntities([Doc])

export const withToken = (token: string) => ({ log: append(token), n: increment(1) })
