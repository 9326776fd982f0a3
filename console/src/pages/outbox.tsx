import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { Told } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
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

function Letters({ letters }: { readonly letters: readonly Letter[] }) {
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
        </tr>
      </thead>
      <tbody>
        {letters.map(({ type, id, owedBy, version, reason, tries, nextTry, droppedWhy }) => (
          <tr key={`${owedBy} ${type} ${id}`}>
            <th scope="row">
              {type} {id}
            </th>
            <td data-label="Owed by">{owedBy}</td>
            <td data-label="Version">{version}</td>
            <td data-label="Tries">{tries ?? '–'}</td>
            <td data-label="Next try">{droppedWhy === null ? (nextTry ?? 'next round') : 'dropped'}</td>
            <td data-label="Why it is refused">
              {reason}
              {droppedWhy !== null && ` (dropped: ${droppedWhy})`}
            </td>
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
            <Letters letters={deadLetters} />
          </>
        )}
      </Told>
    </>
  )
}
