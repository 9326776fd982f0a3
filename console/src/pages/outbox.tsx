import { useContext } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { Told } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `{
  types { name owed { owed oldest deadLetters conflicts } }
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
  readonly types: readonly {
    readonly name: string
    readonly owed: {
      readonly owed: number
      readonly oldest: string | null
      readonly deadLetters: number
      readonly conflicts: number
    } | null
  }[]
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
    <table>
      <thead>
        <tr>
          <th scope="col">Record</th>
          <th scope="col">Owed by</th>
          <th scope="col">Version</th>
          <th scope="col">Tries</th>
          <th scope="col">Next try</th>
          <th scope="col">Why it is refused</th>
          {isOperator && <th scope="col">Decide</th>}
        </tr>
      </thead>
      <tbody>
        {letters.map(({ type, id, owedBy, version, reason, tries, nextTry, droppedWhy }, at) => (
          <tr key={`${owedBy} ${type} ${id}`}>
            <th scope="row">
              <a href={`${linkTo('records')}?${new URLSearchParams({ type, id })}`}>
                {type} {id}
              </a>
            </th>
            <td data-label="Owed by">{owedBy}</td>
            <td data-label="Version">{version}</td>
            <td data-label="Tries">{tries ?? '–'}</td>
            <td data-label="Next try">{droppedWhy === null ? (nextTry ?? 'next round') : 'dropped'}</td>
            <td data-label="Why it is refused">
              {reason}
              {droppedWhy !== null && ` (dropped: ${droppedWhy})`}
            </td>
            {isOperator && (
              <td data-label="Decide">{droppedWhy === null && <Deciding letter={letters[at]!} onDone={onDone} />}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What is on its way to the other store, and what it refuses. */
export function Outbox() {
  const answer = useQuery<Shown>(query)
  return (
    <>
      <h1>Outbox</h1>
      <Told answer={answer}>
        {({ types, deadLetters }) => (
          <>
            <table>
              <thead>
                <tr>
                  <th scope="col">Type</th>
                  <th scope="col">Owed</th>
                  <th scope="col">Oldest</th>
                  <th scope="col">Refused</th>
                  <th scope="col">Conflicts</th>
                </tr>
              </thead>
              <tbody>
                {types.map(({ name, owed }) => (
                  <tr key={name}>
                    <th scope="row">
                      <a href={linkTo('types', name)}>{name}</a>
                    </th>
                    <td data-label="Owed">{owed ? count(owed.owed) : '?'}</td>
                    <td data-label="Oldest">
                      <Ago at={owed?.oldest ?? null} />
                    </td>
                    <td data-label="Refused">{owed ? count(owed.deadLetters) : '?'}</td>
                    <td data-label="Conflicts">{owed ? count(owed.conflicts) : '?'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <h2>Refused records</h2>
            <Letters letters={deadLetters} onDone={answer.again} />
          </>
        )}
      </Told>
    </>
  )
}
