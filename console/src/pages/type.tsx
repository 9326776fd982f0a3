import { useContext, useState } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { Changing } from '../parts/changing.tsx'
import { count } from '../parts/format.ts'
import { StageTrack } from '../parts/stage-track.tsx'
import { Told } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `query ($names: [String!]) {
  types(names: $names) {
    name
    flag { key stage state target epoch authority reads candidate fresh readPercent samplePercent }
    owed { owed oldest deadLetters conflicts }
    verdicts { verdict count }
    coverage { isProved fields { field readBy { ...read } } results { ...read } }
  }
}
fragment read on ResolverCoverage { resolver asked compared matched repeated flapped lastAt }`

interface Read {
  readonly resolver: string
  readonly asked: number
  readonly compared: number
  readonly matched: number
  readonly repeated: number
  readonly flapped: number
  readonly lastAt: string | null
}

interface Coverage {
  readonly isProved: boolean
  readonly fields: readonly { readonly field: string; readonly readBy: readonly Read[] }[]
  readonly results: readonly Read[]
}

interface Shown {
  readonly types: readonly {
    readonly name: string
    readonly flag: {
      readonly key: string
      readonly stage: string
      readonly state: string
      readonly target: string | null
      readonly epoch: number
      readonly authority: string
      readonly reads: string
      readonly candidate: string | null
      readonly fresh: number | null
      readonly readPercent: number
      readonly samplePercent: number
    } | null
    readonly owed: {
      readonly owed: number
      readonly oldest: string | null
      readonly deadLetters: number
      readonly conflicts: number
    } | null
    readonly verdicts: readonly { readonly verdict: string; readonly count: number }[] | null
    readonly coverage: Coverage | null
  }[]
}

type TypeOf = Shown['types'][number]

function Facts({ flag, owed, verdicts }: TypeOf) {
  return (
    <dl class="facts">
      {flag && (
        <>
          <dt>Stage</dt>
          <dd>
            <StageTrack {...flag} />
          </dd>
          <dt>Written first</dt>
          <dd>{flag.authority}</dd>
          <dt>Reads</dt>
          <dd>
            {flag.reads}
            {flag.candidate && flag.readPercent > 0 && `, ${flag.candidate} ${flag.readPercent} %`}
          </dd>
          <dt>Other store</dt>
          <dd>{flag.fresh === null ? 'not equal yet: it needs a copy' : `kept equal since epoch ${flag.fresh}`}</dd>
        </>
      )}
      {owed && (
        <>
          <dt>Owed</dt>
          <dd>
            {count(owed.owed)}
            {owed.oldest && (
              <>
                , the oldest <Ago at={owed.oldest} />
              </>
            )}
          </dd>
          <dt>Refused</dt>
          <dd>
            <a href={linkTo('outbox')}>{count(owed.deadLetters)}</a>
          </dd>
          <dt>Conflicts</dt>
          <dd>{count(owed.conflicts)}</dd>
        </>
      )}
      {verdicts && verdicts.length > 0 && (
        <>
          <dt>Comparisons</dt>
          <dd>{verdicts.map(({ verdict, count: times }) => `${verdict} ${count(times)}`).join(', ')}</dd>
        </>
      )}
    </dl>
  )
}

const isUnproved = ({ compared }: Read): boolean => compared === 0

function CoverageRows({ coverage }: { readonly coverage: Coverage }) {
  const read = [
    ...coverage.fields.flatMap(({ field, readBy }) => readBy.map((each) => ({ field, each }))),
    ...coverage.results.map((each) => ({ field: '(whole result)', each })),
  ].sort((a, b) => Number(isUnproved(b.each)) - Number(isUnproved(a.each)))
  const unread = coverage.fields.filter(({ readBy }) => readBy.length === 0).map(({ field }) => field)
  return (
    <>
      <p>
        {coverage.isProved
          ? 'All that clients asked for was compared.'
          : 'Some of what clients asked for was never compared.'}
        {unread.length > 0 && ` Nobody asked for ${unread.join(', ')}.`}
      </p>
      {read.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Read by</th>
              <th scope="col">Asked</th>
              <th scope="col">Compared</th>
              <th scope="col">Matched</th>
              <th scope="col">Flaps</th>
              <th scope="col">Last compared</th>
            </tr>
          </thead>
          <tbody>
            {read.map(({ field, each }) => (
              <tr key={`${field} ${each.resolver}`} class={isUnproved(each) ? 'unproved' : undefined}>
                <th scope="row">{field}</th>
                <td data-label="Read by">{each.resolver}</td>
                <td data-label="Asked">{count(each.asked)}</td>
                <td data-label="Compared">{isUnproved(each) ? 'never' : count(each.compared)}</td>
                <td data-label="Matched">{count(each.matched)}</td>
                <td data-label="Flaps">
                  {each.flapped > 0 ? `${count(each.flapped)} of ${count(each.repeated)}` : '–'}
                </td>
                <td data-label="Last compared">
                  <Ago at={each.lastAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

const evidenceQuery = `query ($names: [String!]) {
  types(names: $names) { evidence { from to gates { gate met found remedy } signOff { by why at epoch } } }
}`

interface Evidence {
  readonly from: string
  readonly to: string
  readonly gates: readonly {
    readonly gate: string
    readonly met: boolean
    readonly found: string
    readonly remedy: string | null
  }[]
  readonly signOff: {
    readonly by: string
    readonly why: string | null
    readonly at: string
    readonly epoch: number
  } | null
}

const sign = 'mutation ($type: String!, $to: Stage!, $why: String) { sign(type: $type, to: $to, why: $why) { to } }'

function Gates({ from, to, gates, signOff }: Evidence) {
  const unmet = gates.filter(({ met }) => !met).length
  return (
    <>
      <p>
        {from} → {to}: {unmet === 0 ? 'all gates are met' : `${unmet} of ${gates.length} gates are not met`}
      </p>
      <ul class="gates">
        {gates.map(({ gate, met, found, remedy }) => (
          <li key={gate} class={met ? 'met' : 'unmet'}>
            <strong>
              {gate}: {met ? 'met' : 'not met'}
            </strong>{' '}
            {found}
            {remedy && `: ${remedy}`}
          </li>
        ))}
      </ul>
      <p>
        {signOff ? (
          <>
            Signed by {signOff.by}, <Ago at={signOff.at} />, epoch {signOff.epoch}
            {signOff.why && `: ${signOff.why}`}
          </>
        ) : (
          'Nobody has signed.'
        )}
      </p>
    </>
  )
}

/** What is proved, looked at once and when it is asked for: it reads much. */
function EvidenceOf({ name }: { readonly name: string }) {
  const who = useContext(Session)
  const answer = useQuery<{ readonly types: readonly { readonly evidence: Evidence | null }[] }>(
    evidenceQuery,
    { names: [name] },
    3_600_000,
  )
  const { act, isBusy, errors } = useAct(answer.again)
  const evidence = answer.data?.types[0]?.evidence
  return (
    <section>
      <div class="title">
        <h2>Evidence</h2>
        <button type="button" onClick={answer.again}>
          Look again
        </button>
      </div>
      <Told answer={answer}>{() => evidence && <Gates {...evidence} />}</Told>
      {evidence && mayDo(who, 'qa') && (
        <ActForm
          title={`Sign ${evidence.from} → ${evidence.to} as ${who.name}`}
          isBusy={isBusy}
          errors={errors}
          onSubmit={({ why }) => act(sign, { type: name, to: evidence.to, why: why || null })}
        >
          <label>
            Why
            <input name="why" maxLength={2_000} />
          </label>
        </ActForm>
      )}
    </section>
  )
}

/** One type: where it stands, what its next stage asks for, and what of its contract was compared. */
export function Type({ name }: { readonly name: string }) {
  const who = useContext(Session)
  const answer = useQuery<Shown>(query, { names: [name] })
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <h1>{name}</h1>
      <p>
        <a href={`${linkTo('mismatches')}?type=${encodeURIComponent(name)}`}>Its mismatches</a>
        {' · '}
        <a href={`${linkTo('history')}?type=${encodeURIComponent(name)}`}>Its history</a>
      </p>
      <Told answer={answer}>
        {({ types: [type] }) =>
          type && (
            <>
              <Facts {...type} />
              {isOpen ? (
                <EvidenceOf name={name} />
              ) : (
                <button type="button" onClick={() => setOpen(true)}>
                  What its next stage asks for
                </button>
              )}
              {type.flag && mayDo(who, 'operator') && (
                <Changing key={type.flag.stage} type={name} keyOf={type.flag.key} stage={type.flag.stage} />
              )}
              <h2>Coverage</h2>
              {type.coverage && <CoverageRows coverage={type.coverage} />}
            </>
          )
        }
      </Told>
    </>
  )
}
