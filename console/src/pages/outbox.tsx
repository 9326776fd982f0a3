import { useContext } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { type Owed, owedFields } from '../parts/owed.ts'
import { Table } from '../parts/table.tsx'
import { Told } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `{
  types { name ${owedFields} }
  deadLetters { type id owedBy version reason tries nextTry droppedWhy }
}`

interface Letter {
  readonly type: string
  readonly id: string
  readonly owedBy: string
  readonly version: string
  readonly reason: string
  readonly tries: number | null
  readonly nextTry: string | null
  readonly droppedWhy: string | null
}

interface Shown {
  readonly types: readonly { readonly name: string; readonly owed: Owed | null }[]
  readonly deadLetters: readonly Letter[]
}

const mutations = {
  retry: 'mutation ($type: String!, $id: String) { retry(type: $type, id: $id) { mirrored refused owed } }',
  drop: 'mutation ($type: String!, $id: String!, $why: String!) { drop(type: $type, id: $id, why: $why) }',
} as const

/** For an operator: tries one again, or gives it up. */
function Deciding({ letter: { type, id }, onDone }: { readonly letter: Letter; readonly onDone: () => void }) {
  const { act, isBusy, errors } = useAct(onDone)
  const sure = `${type} ${id} will not be mirrored at this version, and the stores stay unequal in it. Go on?`
  return (
    <>
      <button type="button" disabled={isBusy} onClick={() => act(mutations.retry, { type, id })}>
        Try again
      </button>
      <ActForm
        title="Give up"
        isBusy={isBusy}
        errors={errors}
        onSubmit={({ why }) => act(mutations.drop, { type, id, why }, { sure })}
      >
        <label>
          Why
          <input name="why" required maxLength={2_000} />
        </label>
      </ActForm>
    </>
  )
}

interface LettersProps {
  readonly letters: readonly Letter[]
  readonly onDone: () => void
}

function Letters({ letters, onDone }: LettersProps) {
  const isOperator = mayDo(useContext(Session), 'operator')
  if (letters.length === 0) return <p class="quiet">The other store refuses no record.</p>
  return (
    <Table
      rows={letters}
      keyOf={({ owedBy, type, id }) => `${owedBy} ${type} ${id}`}
      columns={[
        {
          title: 'Record',
          of: ({ type, id }) => (
            <a href={`${linkTo('records')}?${new URLSearchParams({ type, id })}`}>
              {type} {id}
            </a>
          ),
        },
        { title: 'Owed by', of: ({ owedBy }) => owedBy },
        { title: 'Version', of: ({ version }) => version },
        { title: 'Tries', of: ({ tries }) => tries ?? '–' },
        {
          title: 'Next try',
          of: ({ nextTry, droppedWhy }) => (droppedWhy === null ? (nextTry ?? 'next round') : 'dropped'),
        },
        {
          title: 'Why it is refused',
          of: ({ reason, droppedWhy }) => (droppedWhy === null ? reason : `${reason} (dropped: ${droppedWhy})`),
        },
        ...(isOperator
          ? [
              {
                title: 'Decide',
                of: (letter: Letter) => letter.droppedWhy === null && <Deciding letter={letter} onDone={onDone} />,
              },
            ]
          : []),
      ]}
    />
  )
}

const fresh = { everyMs: 10_000, of: ['types', 'outbox'] } as const

/** What is on its way to the other store, and what it refuses. */
export function Outbox() {
  const answer = useQuery<Shown>(query, {}, fresh)
  return (
    <>
      <h1>Outbox</h1>
      <Told answer={answer}>
        {({ types, deadLetters }) => (
          <>
            <Table
              rows={types}
              keyOf={({ name }) => name}
              columns={[
                { title: 'Type', of: ({ name }) => <a href={linkTo('types', name)}>{name}</a> },
                { title: 'Owed', of: ({ owed }) => (owed ? count(owed.owed) : '?') },
                { title: 'Oldest', of: ({ owed }) => <Ago at={owed?.oldest ?? null} /> },
                { title: 'Refused', of: ({ owed }) => (owed ? count(owed.deadLetters) : '?') },
                { title: 'Conflicts', of: ({ owed }) => (owed ? count(owed.conflicts) : '?') },
              ]}
            />
            <h2>Refused records</h2>
            <Letters letters={deadLetters} onDone={answer.again} />
          </>
        )}
      </Told>
    </>
  )
}
