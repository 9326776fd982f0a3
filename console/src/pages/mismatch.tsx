import { Ago } from '../parts/ago.tsx'
import { Example, type ExampleOf } from '../parts/example.tsx'
import { count } from '../parts/format.ts'
import { type Group, groupFields, recentInWords, stateOf } from '../parts/group.ts'
import { Replaying, type Replays, replayFields } from '../parts/replay.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { Told } from '../parts/told.tsx'
import { Triage } from '../parts/triage.tsx'
import { linkTo } from '../route.ts'
import { useQuery } from '../use-query.ts'

const query = `query ($group: String!) {
  mismatch(group: $group) {
    group { ${groupFields} }
    notes { at by act text until }
    examples { id at example }
  }
  ${replayFields}
}`

interface Note {
  readonly at: string
  readonly by: string
  readonly act: string
  readonly text: string
  readonly until: string | null
}

interface Shown extends Replays {
  readonly mismatch: {
    readonly group: Group
    readonly notes: readonly Note[]
    readonly examples: readonly Omit<ExampleOf, 'type'>[]
  } | null
}

const acts: Readonly<Record<string, string>> = {
  bug: 'called it a bug',
  accepted: 'accepted it',
  noise: 'called it noise',
  dropped: 'dropped the rule',
  assigned: 'assigned it to',
  comment: 'commented',
  closed: 'closed it',
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
      <dt>24 hours</dt>
      <dd>
        <Sparkline values={group.recent} says={recentInWords(group)} /> {recentInWords(group)}
      </dd>
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

const fresh = { of: ['mismatches', 'jobs'] } as const

/** One group: what it is, what was said of it, examples side by side, and what QA makes of it. */
export function Mismatch({ name }: { readonly name: string }) {
  const answer = useQuery<Shown>(query, { group: name }, fresh)
  return (
    <Told answer={answer}>
      {({ mismatch, replays, recorded }) =>
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
            <Triage type={mismatch.group.type} name={mismatch.group.name} onDone={answer.again} />
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
            <Replaying field={mismatch.group.resolver} replays={replays} recorded={recorded} onDone={answer.again} />
          </>
        )
      }
    </Told>
  )
}
