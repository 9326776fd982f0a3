import { useContext } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { Told } from '../parts/told.tsx'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = '{ issues { type group path rule count ids accepted { count by why at } } }'

interface Issue {
  readonly type: string
  readonly group: string
  readonly path: string
  readonly rule: string
  readonly count: number
  readonly ids: readonly string[]
  readonly accepted: { readonly count: number; readonly by: string; readonly why: string; readonly at: string } | null
}

const accept =
  'mutation ($type: String!, $group: String!, $why: String!) { acceptIssues(type: $type, group: $group, why: $why) { group } }'

function Accepting({ issue: { type, group }, onDone }: { readonly issue: Issue; readonly onDone: () => void }) {
  const { act, isBusy, errors } = useAct(onDone)
  return (
    <ActForm title="Accept" isBusy={isBusy} errors={errors} onSubmit={({ why }) => act(accept, { type, group, why })}>
      <label>
        Why it may move although there are so many
        <input name="why" required maxLength={2_000} />
      </label>
    </ActForm>
  )
}

function Standing({ accepted, count: now }: Issue) {
  if (accepted === null) return <>open</>
  return (
    <>
      {now > accepted.count ? `open again: ${count(now - accepted.count)} more than were accepted` : 'accepted'} by{' '}
      {accepted.by}, <Ago at={accepted.at} />: {accepted.why}
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
