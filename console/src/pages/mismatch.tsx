import { useContext, useState } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { Example, type ExampleOf } from '../parts/example.tsx'
import { count } from '../parts/format.ts'
import { type Group, groupFields, stateOf } from '../parts/group.ts'
import { Told, Troubles } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `query ($group: String!) {
  mismatch(group: $group) {
    group { ${groupFields} }
    notes { at by act text until }
    examples { id at example }
  }
}`

interface Note {
  readonly at: string
  readonly by: string
  readonly act: string
  readonly text: string
  readonly until: string | null
}

interface Shown {
  readonly mismatch: {
    readonly group: Group
    readonly notes: readonly Note[]
    readonly examples: readonly Omit<ExampleOf, 'type'>[]
  } | null
}

interface Rechecked {
  readonly id: string | null
  readonly state: string
  readonly kind: string | null
  readonly paths: readonly string[]
}

const mutations = {
  judge: `mutation ($group: String!, $verdict: Verdict!, $why: String!, $until: DateTime) { judge(group: $group, verdict: $verdict, why: $why, until: $until) { name } }`,
  assign: `mutation ($group: String!, $to: String!) { assign(group: $group, to: $to) { name } }`,
  comment: `mutation ($group: String!, $text: String!) { comment(group: $group, text: $text) { name } }`,
  close: `mutation ($group: String!, $why: String!) { close(group: $group, why: $why) { name } }`,
  repair: `mutation ($type: String!, $group: String!, $isDryRun: Boolean!) { repair(type: $type, group: $group, isDryRun: $isDryRun) { records unequal { id kind paths } undecided put buried keptOut left { id } } }`,
  recheck: `mutation ($group: String!) { recheck(group: $group) { id state kind paths } }`,
} as const

const acts: Readonly<Record<string, string>> = {
  bug: 'called it a bug',
  accepted: 'accepted it',
  noise: 'called it noise',
  dropped: 'dropped the rule',
  assigned: 'assigned it to',
  comment: 'commented',
  closed: 'closed it',
}

const states: Readonly<Record<string, string>> = {
  differs: 'still differs',
  agrees: 'agrees now',
  undecided: 'was owed or changed each time: ask again',
  untold: 'cannot be told from a record',
}

function Judging({ name, onDone }: { readonly name: string; readonly onDone: () => void }) {
  const [verdict, setVerdict] = useState('bug')
  const { act, isBusy, errors } = useAct(onDone)
  return (
    <ActForm
      title="Judge"
      isBusy={isBusy}
      errors={errors}
      onSubmit={({ why, until }) => act(mutations.judge, { group: name, verdict, why, until: until ? until : null })}
    >
      <label>
        It is
        <select value={verdict} onChange={({ currentTarget }) => setVerdict(currentTarget.value)}>
          <option value="bug">a bug, open until it is closed</option>
          <option value="accepted">accepted, for a time</option>
          <option value="noise">noise, for a time</option>
        </select>
      </label>
      <label>
        Why
        <input name="why" required maxLength={2_000} />
      </label>
      {verdict !== 'bug' && (
        <label>
          Until
          <input name="until" type="date" required />
        </label>
      )}
    </ActForm>
  )
}

interface SayingProps {
  readonly name: string
  readonly title: string
  readonly label: string
  readonly field: string
  readonly mutation: string
  readonly onDone: () => void
}

/** One text that is kept with the group. */
function Saying({ name, title, label, field, mutation, onDone }: SayingProps) {
  const { act, isBusy, errors } = useAct(onDone)
  return (
    <ActForm
      title={title}
      isBusy={isBusy}
      errors={errors}
      onSubmit={(values) => act(mutation, { group: name, [field]: values[field] })}
    >
      <label>
        {label}
        <input name={field} required maxLength={2_000} />
      </label>
    </ActForm>
  )
}

function Rechecking({ name }: { readonly name: string }) {
  const [found, setFound] = useState<readonly Rechecked[] | null>(null)
  const { act, isBusy, errors } = useAct(({ data }) => setFound((data as { recheck: Rechecked[] }).recheck))
  return (
    <section>
      <ActForm
        title="Look again, in both stores"
        isBusy={isBusy}
        errors={errors}
        onSubmit={() => act(mutations.recheck, { group: name })}
      >
        {null}
      </ActForm>
      <div role="status">
        {found?.length === 0 && <p>No example of this group is kept.</p>}
        <ul>
          {found?.map(({ id, state, kind, paths }) => (
            <li key={id}>
              {id ?? '(whole result)'}: {states[state]}
              {kind && state !== 'agrees' ? `, ${kind} ${paths.join(', ')}` : ''}
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

interface Repaired {
  readonly records: number
  readonly unequal: readonly { readonly id: string; readonly kind: string; readonly paths: readonly string[] }[]
  readonly undecided: readonly string[]
  readonly put: number
  readonly buried: number
  readonly keptOut: readonly string[]
  readonly left: readonly { readonly id: string }[]
}

/** For an operator: makes the records of the examples equal, once it was seen what that does. */
function Repairing({
  type,
  name,
  onDone,
}: {
  readonly type: string
  readonly name: string
  readonly onDone: () => void
}) {
  const [found, setFound] = useState<Repaired | null>(null)
  const { act, isBusy, errors } = useAct(({ data }) => {
    setFound((data as { repair: Repaired }).repair)
    onDone()
  })
  const go = (isDryRun: boolean, sure?: string): Promise<boolean> =>
    act(mutations.repair, { type, group: name, isDryRun }, sure === undefined ? {} : { sure })
  const isRepaired = found !== null && found.put + found.buried > 0
  const differ = found?.unequal.length ?? 0
  return (
    <section>
      <p>
        <button type="button" disabled={isBusy} onClick={() => go(true)}>
          What a repair would do
        </button>{' '}
        {found && !isRepaired && differ > 0 && (
          <button
            type="button"
            disabled={isBusy}
            onClick={() =>
              go(false, `Repair ${differ} of the records, from the store with authority? What is replaced is kept.`)
            }
          >
            Repair {differ}
          </button>
        )}
      </p>
      <Troubles errors={errors} />
      <div role="status">
        {found && isRepaired && (
          <p>
            Put: {found.put}, removed: {found.buried}, differing still: {found.left.length}, refused:{' '}
            {found.keptOut.length}.
          </p>
        )}
        {found && !isRepaired && (
          <p>
            {differ} of {found.records} records differ now
            {found.undecided.length > 0 && `, and ${found.undecided.length} were owed or changed each time`}.
          </p>
        )}
        {found && !isRepaired && (
          <ul>
            {found.unequal.map(({ id, kind, paths }) => (
              <li key={id}>
                {id}: {kind} {paths.join(', ')}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}

function Facts({ group }: { readonly group: Group }) {
  return (
    <dl class="facts">
      <dt>Read by</dt>
      <dd>{group.resolver}</dd>
      <dt>Kind</dt>
      <dd>{group.kind}</dd>
      <dt>Count</dt>
      <dd>{count(group.count)}</dd>
      <dt>First seen</dt>
      <dd>
        <Ago at={group.firstAt} />
      </dd>
      <dt>Last seen</dt>
      <dd>
        <Ago at={group.lastAt} />
      </dd>
      <dt>State</dt>
      <dd>
        {stateOf(group)}
        {group.rule && ` by ${group.rule.by}: ${group.rule.why}`}
        {group.closedWhy && `: ${group.closedWhy}`}
      </dd>
      <dt>Assigned</dt>
      <dd>{group.assignee ?? '–'}</dd>
    </dl>
  )
}

/** One group: what it is, what was said of it, examples side by side, and what QA makes of it. */
export function Mismatch({ name }: { readonly name: string }) {
  const who = useContext(Session)
  const answer = useQuery<Shown>(query, { group: name })
  return (
    <Told answer={answer}>
      {({ mismatch }) =>
        mismatch === null ? (
          <p>
            There is no group {name}. <a href={linkTo('mismatches')}>See all groups.</a>
          </p>
        ) : (
          <>
            <h1>
              <a href={linkTo('types', mismatch.group.type)}>{mismatch.group.type}</a> {mismatch.group.path}{' '}
              <small>{mismatch.group.name}</small>
            </h1>
            <Facts group={mismatch.group} />
            {mayDo(who, 'qa') && (
              <section aria-label="Triage" class="acts">
                <Judging name={mismatch.group.name} onDone={answer.again} />
                <Saying
                  name={mismatch.group.name}
                  title="Assign"
                  label="To"
                  field="to"
                  mutation={mutations.assign}
                  onDone={answer.again}
                />
                <Saying
                  name={mismatch.group.name}
                  title="Comment"
                  label="Comment"
                  field="text"
                  mutation={mutations.comment}
                  onDone={answer.again}
                />
                <Saying
                  name={mismatch.group.name}
                  title="Close"
                  label="Why it is closed"
                  field="why"
                  mutation={mutations.close}
                  onDone={answer.again}
                />
                <Rechecking name={mismatch.group.name} />
                {mayDo(who, 'operator') && (
                  <Repairing type={mismatch.group.type} name={mismatch.group.name} onDone={answer.again} />
                )}
              </section>
            )}
            <h2>What was said</h2>
            {mismatch.notes.length === 0 && <p class="quiet">Nothing yet.</p>}
            <ul>
              {mismatch.notes.map(({ at, by, act, text, until }) => (
                <li key={at + act}>
                  <Ago at={at} /> {by} {acts[act] ?? act}
                  {until ? ` until ${until.slice(0, 10)}` : ''}: {text}
                </li>
              ))}
            </ul>
            <h2>Examples</h2>
            {mismatch.examples.length === 0 && <p class="quiet">None is kept.</p>}
            {mismatch.examples.map((example) => (
              <Example key={`${example.id} ${example.at}`} type={mismatch.group.type} {...example} />
            ))}
          </>
        )
      }
    </Told>
  )
}
