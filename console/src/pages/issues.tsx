import { useContext } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { Told } from '../parts/told.tsx'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = '{ issues { type group path rule count ids accepted { count by why at until } } }'

interface Accepted {
  readonly count: number
  readonly by: string
  readonly why: string
  readonly at: string
  readonly until: string | null
}

interface Issue {
  readonly type: string
  readonly group: string
  readonly path: string
  readonly rule: string
  readonly count: number
  readonly ids: readonly string[]
  readonly accepted: Accepted | null
}

const accept =
  'mutation ($type: String!, $group: String!, $why: String!, $until: DateTime) { acceptIssues(type: $type, group: $group, why: $why, until: $until) { group } }'

function Accepting({ issue: { type, group }, onDone }: { readonly issue: Issue; readonly onDone: () => void }) {
  const { act, isBusy, errors } = useAct(onDone)
  return (
    <ActForm
      title="Accept"
      isBusy={isBusy}
      errors={errors}
      onSubmit={({ why, until }) => act(accept, { type, group, why, until: until ? until : null })}
    >
      <label>
        Why it may move although there are so many
        <input name="why" required maxLength={2_000} />
      </label>
      <label>
        Until (empty: without an end)
        <input name="until" type="date" />
      </label>
    </ActForm>
  )
}

function openAgain({ count: accepted, until }: Accepted, now: number): string | null {
  if (now > accepted) return `open again: ${count(now - accepted)} more than were accepted`
  return until !== null && Date.parse(until) <= Date.now() ? `open again: it was accepted until ${until}` : null
}

function Standing({ accepted, count: now }: Issue) {
  if (accepted === null) return <>open</>
  const { by, at, why, until } = accepted
  const open = openAgain(accepted, now)
  return (
    <>
      {open ?? 'accepted'} by {by}, <Ago at={at} />: {why}
      {open === null && until !== null && ` (until ${until})`}
    </>
  )
}

/** What of the data could not be carried. */
export function Issues() {
  const who = useContext(Session)
  const answer = useQuery<{ readonly issues: readonly Issue[] }>(query)
  return (
    <>
      <h1>Data issues</h1>
      <p class="quiet">
        Values of documents that do not fit the mapping: PostgreSQL has null in their place, and MongoDB keeps them.
      </p>
      <Told answer={answer}>
        {({ issues }) =>
          issues.length === 0 ? (
            <p>There are none.</p>
          ) : (
            issues.map((issue) => (
              <article key={issue.group} class="example">
                <h2>
                  {issue.type} {issue.path} <small>{issue.group}</small>
                </h2>
                <p>
                  {issue.rule}: {count(issue.count)} records, as {issue.ids.join(', ')}
                </p>
                <p>
                  <Standing {...issue} />
                </p>
                {mayDo(who, 'qa') && <Accepting issue={issue} onDone={answer.again} />}
              </article>
            ))
          )
        }
      </Told>
    </>
  )
}
