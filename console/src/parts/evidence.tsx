import { useContext } from 'preact/hooks'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'
import { ActForm, useAct } from './act.tsx'
import { Ago } from './ago.tsx'
import { Told } from './told.tsx'

const evidenceQuery = `query ($names: [String!]) {
  types(names: $names) { evidence { from to gates { gate met found remedy } signOff { by why at epoch } report } }
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
  readonly report: string
}

const sign = 'mutation ($type: String!, $to: Stage!, $why: String) { sign(type: $type, to: $to, why: $why) { to } }'

/** Where this console has what a gate asks for; for the others there are commands alone. */
const places: Readonly<Record<string, (type: string) => { readonly title: string; readonly href?: string }>> = {
  verified: () => ({ title: 'here, under Verify' }),
  covered: () => ({ title: 'here, under Coverage' }),
  signed: () => ({ title: 'here, below' }),
  compared: (type) => ({ title: 'its mismatches', href: `${linkTo('mismatches')}?type=${encodeURIComponent(type)}` }),
  issues: () => ({ title: 'data issues', href: linkTo('issues') }),
  mirrored: () => ({ title: 'the outbox', href: linkTo('outbox') }),
}

function Place({ gate, type }: { readonly gate: string; readonly type: string }) {
  const { title, href } = places[gate]?.(type) ?? {}
  if (title === undefined) return null
  return <> ({href ? <a href={href}>{title}</a> : title})</>
}

/** The signature is a gate itself. */
const unmetBut = (gates: Evidence['gates'], ...but: readonly string[]): number =>
  gates.filter(({ gate, met }) => !met && !but.includes(gate)).length

function Gates({ type, from, to, gates, signOff, report }: Evidence & { readonly type: string }) {
  const unmet = unmetBut(gates)
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
            {!met && <Place gate={gate} type={type} />}
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
      <details>
        <summary>Report for a change ticket</summary>
        <pre>{report}</pre>
      </details>
    </>
  )
}

/** What is proved, looked at once and when it is asked for: it reads much. */
export function EvidenceOf({ name }: { readonly name: string }) {
  const who = useContext(Session)
  const answer = useQuery<{ readonly types: readonly { readonly evidence: Evidence | null }[] }>(
    evidenceQuery,
    { names: [name] },
    { everyMs: 3_600_000 },
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
      <Told answer={answer}>{() => evidence && <Gates type={name} {...evidence} />}</Told>
      {evidence && mayDo(who, 'qa') && (
        <ActForm
          title={`Sign ${evidence.from} → ${evidence.to} as ${who.name}`}
          isBusy={isBusy}
          errors={errors}
          onSubmit={({ why }) => act(sign, { type: name, to: evidence.to, why: why || null })}
        >
          <label>
            Why
            <input name="why" maxLength={2_000} required={unmetBut(evidence.gates, 'signed') > 0} />
          </label>
        </ActForm>
      )}
    </section>
  )
}
