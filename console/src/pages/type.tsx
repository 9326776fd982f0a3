import { useContext, useState } from 'preact/hooks'
import { Ago } from '../parts/ago.tsx'
import { Changing } from '../parts/changing.tsx'
import { type Coverage, CoverageRows, coverageFields, coverageFragment } from '../parts/coverage.tsx'
import { EvidenceOf } from '../parts/evidence.tsx'
import { count } from '../parts/format.ts'
import { KillButton, useKill } from '../parts/kill.tsx'
import { type Owed, owedFields } from '../parts/owed.ts'
import { StageTrack } from '../parts/stage-track.tsx'
import { Told, Troubles } from '../parts/told.tsx'
import { type Verification, Verifying, verificationFields } from '../parts/verification.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `query ($names: [String!]) {
  types(names: $names) {
    name
    killedAs
    flag { key stage state target epoch authority reads candidate fresh readPercent samplePercent }
    ${owedFields}
    verdicts { verdict count }
    ${coverageFields}
  }
  ${verificationFields}
}
${coverageFragment}`

interface Shown {
  readonly types: readonly {
    readonly name: string
    /** By which names; empty where it is not. */
    readonly killedAs: readonly string[]
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
    readonly owed: Owed | null
    readonly verdicts: readonly { readonly verdict: string; readonly count: number }[] | null
    readonly coverage: Coverage | null
  }[]
  readonly verifications: readonly Verification[]
}

type TypeOf = Shown['types'][number]

function Facts({ killedAs, flag, owed, verdicts }: TypeOf) {
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
            {killedAs.length > 0
              ? `killed: ${flag.authority} answers`
              : `${flag.reads}${flag.candidate && flag.readPercent > 0 ? `, ${flag.candidate} ${flag.readPercent} %` : ''}`}
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

const fresh = { of: ['types', 'outbox', 'jobs'] } as const

/**
 * One type: where it stands, what its next stage asks for, and what of its contract was compared.
 *
 * @param isOpen whether its gates are shown at once: to look at them reads much.
 */
export function Type({ name, isOpen: isAsked }: { readonly name: string; readonly isOpen: boolean }) {
  const who = useContext(Session)
  const answer = useQuery<Shown>(query, { names: [name] }, fresh)
  const [isOpen, setOpen] = useState(isAsked)
  const killing = useKill(answer.again)
  const shown = answer.data?.types[0]
  return (
    <>
      <div class="title">
        <h1>{name}</h1>
        {shown && mayDo(who, 'operator') && <KillButton type={name} killedAs={shown.killedAs} killing={killing} />}
      </div>
      <Troubles errors={killing.errors} />
      <p>
        <a href={`${linkTo('mismatches')}?type=${encodeURIComponent(name)}`}>Its mismatches</a>
        {' · '}
        <a href={`${linkTo('history')}?type=${encodeURIComponent(name)}`}>Its history</a>
      </p>
      <Told answer={answer}>
        {({ types: [type], verifications }) =>
          type && (
            <>
              <Facts {...type} />
              <Verifying type={name} last={verifications.find((each) => each.type === name)} onDone={answer.again} />
              {isOpen ? (
                <EvidenceOf name={name} />
              ) : (
                <section>
                  <h2>Evidence</h2>
                  <button type="button" onClick={() => setOpen(true)}>
                    What its next stage asks for
                  </button>
                </section>
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
