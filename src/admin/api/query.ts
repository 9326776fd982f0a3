import type { MismatchKind } from '../../compare/mismatch-kind.ts'
import { parseId } from '../../entity/parse-id.ts'
import { flagKeyNamed, typeOf } from '../../entity/type-of.ts'
import { issueGroups } from '../../evidence/accepted-issues.ts'
import { copyProgress } from '../../jobs/copy-progress.ts'
import { recordInBoth } from '../../jobs/record-in-both.ts'
import { type ListedLetter, listedLetters } from '../../mirror/listed-letters.ts'
import { askEither } from '../../stores/ask-either.ts'
import type { GroupSort, GroupState } from '../../stores/findings.ts'
import type { Store } from '../../stores/store.ts'
import { messageOf } from '../../util/errors.ts'
import type { MovingType } from './moving-type.ts'
import { atMost, said } from './said.ts'
import type { ApiContext, Served } from './served.ts'

interface Sought {
  readonly state?: GroupState | null
  readonly type?: string | null
  readonly kind?: MismatchKind | null
  readonly text?: string | null
  readonly sort: GroupSort
  readonly first: number
  readonly skip: number
}

const mostAtOnce = 200
const mostFindings = 50
const farthest = 1_000_000_000

const letterShown = ({ letter, why, ...rest }: ListedLetter) => ({
  ...rest,
  tries: letter?.tries ?? null,
  nextTry: letter ? new Date(letter.next) : null,
  droppedWhy: why,
})

export function queryFields({ app: { entities }, stores, tell, recordings }: Served) {
  const { findings, triage } = stores.postgres
  return {
    me: (_: unknown, __: unknown, { asker }: ApiContext) => asker,

    types: (_: unknown, { names }: { readonly names?: readonly string[] | null }): MovingType[] =>
      (names ? [...new Set(names)].map((name) => typeOf(entities, name)) : entities).map((entity) => ({
        name: entity.name,
        entity,
      })),

    async silent(_: unknown, __: unknown, { known }: ApiContext) {
      return (await known.silent()).map(({ origin, error }) => ({
        store: origin,
        why: tell(error) ?? messageOf(error),
      }))
    },

    mismatches: (_: unknown, { state, type, kind, text, sort, first, skip }: Sought) =>
      findings.search({
        ...(state ? { state } : {}),
        ...(type ? { type: said('type', type) } : {}),
        ...(kind ? { kind } : {}),
        ...(text ? { text: said('text', text) } : {}),
        sort,
        limit: atMost('first', first, mostAtOnce),
        offset: atMost('skip', skip, farthest),
      }),

    async mismatch(_: unknown, { group: prefix }: { readonly group: string }) {
      const found = await findings.show(said('group', prefix))
      return found && { ...found, notes: await triage.notes(found.group.fingerprint) }
    },

    rules: () => triage.rules(),

    async deadLetters(_: unknown, { type }: { readonly type?: string | null }) {
      const of = type ? [typeOf(entities, type)] : entities
      const { answers } = await askEither(stores, (store: Store) => listedLetters(store, of))
      return answers.flat().map(letterShown)
    },

    async record(_: unknown, { type, id: text }: { readonly type: string; readonly id: string }) {
      const entity = typeOf(entities, type)
      const id = parseId(entity, text)
      return {
        ...(await recordInBoth(stores, entity, id)),
        async findings() {
          const found = await findings.ofRecord(entity.name, String(id), mostFindings)
          return found.map(({ fingerprint, ...rest }) => ({ group: fingerprint, ...rest }))
        },
      }
    },

    async issues(_: unknown, { type }: { readonly type?: string | null }) {
      const of = type ? [typeOf(entities, type)] : entities
      const groups = await Promise.all(of.map((entity) => issueGroups(stores.postgres, entity)))
      return groups.flatMap((each, at) => each.map((group) => ({ type: of[at]!.name, ...group })))
    },

    async recorded() {
      const files = await recordings()
      return {
        files: files.length,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0),
        lastAt: files.at(-1)?.at ?? null, // the oldest first
      }
    },

    async copies() {
      const copies = await Promise.all(entities.map((entity) => copyProgress(stores.postgres.ledger, entity)))
      return copies.flatMap((copy) => (copy ? [{ ...copy, isPaused: copy.paused }] : []))
    },

    async history(_: unknown, { type, last }: { readonly type?: string | null; readonly last: number }) {
      const limit = atMost('last', last, mostAtOnce)
      // Of a type that has changed groups, what it went through by itself as well
      const keys = type ? [...new Set([type, flagKeyNamed(entities, type)])] : [undefined]
      const { answers } = await askEither(stores, ({ ledger }: Store) =>
        Promise.all(keys.map((key) => ledger.tail('stage', limit, key))),
      )
      return answers
        .flat(2)
        .sort((a, b) => b.at.getTime() - a.at.getTime())
        .slice(0, limit)
    },
  }
}
