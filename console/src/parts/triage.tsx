import { useContext, useState } from 'preact/hooks'
import { mayDo, Session } from '../session.ts'
import { ActForm, useAct } from './act.tsx'
import { Repairing } from './repairing.tsx'

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
  recheck: `mutation ($group: String!) { recheck(group: $group) { id state kind paths } }`,
} as const

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

interface TriageProps {
  readonly type: string
  /** Of the group. */
  readonly name: string
  readonly onDone: () => void
}

/** What QA makes of a group, and what an operator does about it; nothing for who may only look. */
export function Triage({ type, name, onDone }: TriageProps) {
  const who = useContext(Session)
  if (!mayDo(who, 'qa')) return null
  const { assign, comment, close } = mutations
  return (
    <section aria-label="Triage" class="acts">
      <Judging name={name} onDone={onDone} />
      <Saying name={name} title="Assign" label="To" field="to" mutation={assign} onDone={onDone} />
      <Saying name={name} title="Comment" label="Comment" field="text" mutation={comment} onDone={onDone} />
      <Saying name={name} title="Close" label="Why it is closed" field="why" mutation={close} onDone={onDone} />
      <Rechecking name={name} />
      {mayDo(who, 'operator') && <Repairing type={type} name={name} onDone={onDone} />}
    </section>
  )
}
