import { useContext } from 'preact/hooks'
import { mayDo, Session } from '../session.ts'
import { useAct } from './act.tsx'
import { Ago } from './ago.tsx'
import { count } from './format.ts'
import { Troubles } from './told.tsx'

export const verificationFields = `verifications {
  type by startedAt compared total unequal endedAt error
  found { isClean authority compared missing extra content version accepted undecided quarantined duplicates dangling examples { id kind paths } }
}`

export interface Verification {
  readonly type: string
  readonly by: string
  readonly startedAt: string
  readonly compared: number
  readonly total: number | null
  readonly unequal: number
  readonly endedAt: string | null
  readonly error: string | null
  readonly found: Found | null
}

/** Of the counts, what each is called. */
const counts = {
  missing: 'are missing',
  extra: 'are extra',
  content: 'have other values',
  version: 'have other versions',
  undecided: 'were left undecided',
  quarantined: 'have no record',
  duplicates: 'values are not unique',
  dangling: 'references lead nowhere',
  accepted: 'are accepted',
} as const

interface Found extends Readonly<Record<keyof typeof counts, number>> {
  readonly isClean: boolean
  readonly authority: string
  readonly compared: number
  readonly examples: readonly { readonly id: string; readonly kind: string; readonly paths: readonly string[] }[]
}

const stopVerify = 'mutation ($type: String!) { stopVerify(type: $type) }'

const startVerify = 'mutation ($type: String!) { verify(type: $type) { type } }'

function Result({ found }: { readonly found: Found }) {
  const { isClean, authority, compared, examples } = found
  const told = Object.entries(counts).flatMap(([name, text]) => {
    const of = found[name as keyof typeof counts]
    return of > 0 ? `${count(of)} ${text}` : []
  })
  return (
    <>
      <p>
        {count(compared)} records of {authority} compared: {isClean ? 'nothing differs' : 'not clean'}
        {told.length > 0 && `; ${told.join(', ')}`}.
      </p>
      <ul>
        {examples.map(({ id, kind, paths }) => (
          <li key={id}>
            {id}: {kind} {paths.join(', ')}
          </li>
        ))}
      </ul>
    </>
  )
}

interface ShownProps {
  readonly verification: Verification
  readonly onDone: () => void
}

/** One verification, how far it is, or what it has found. */
export function VerificationShown({ verification, onDone }: ShownProps) {
  const { act, isBusy, errors } = useAct(onDone)
  const mayStop = mayDo(useContext(Session), 'qa')
  const { type, by, startedAt, compared, total, unequal, endedAt, error, found } = verification
  return (
    <div role="status" class="example">
      <p>
        <strong>
          Verification of {type} {endedAt === null ? 'under way' : error === null ? 'done' : 'not done'}
        </strong>
        , by {by}, <Ago at={startedAt} />
      </p>
      {endedAt === null && (
        <>
          <progress value={compared} max={total ?? undefined} aria-label={`Verification of ${type}`}>
            {compared}
          </progress>
          <p>
            {count(compared)}
            {total !== null && ` of about ${count(total)}`} records, {count(unequal)} differ
          </p>
          {mayStop && (
            <button type="button" disabled={isBusy} onClick={() => act(stopVerify, { type })}>
              Stop
            </button>
          )}
        </>
      )}
      {found && <Result found={found} />}
      {error?.split('\n').map((line) => (
        <p key={line} class="trouble">
          {line}
        </p>
      ))}
      <Troubles errors={errors} />
    </div>
  )
}

interface VerifyingProps {
  readonly type: string
  /** The last of the type at this gateway. */
  readonly last: Verification | undefined
  readonly onDone: () => void
}

/** For QA: whether all records of a type are alike in both stores. */
export function Verifying({ type, last, onDone }: VerifyingProps) {
  const { act, isBusy, errors } = useAct(onDone)
  const mayStart = mayDo(useContext(Session), 'qa')
  return (
    <section>
      <h2>Verify</h2>
      {last && <VerificationShown verification={last} onDone={onDone} />}
      {mayStart && (last === undefined || last.endedAt !== null) && (
        <button type="button" disabled={isBusy} onClick={() => act(startVerify, { type })}>
          Verify all records now
        </button>
      )}
      <Troubles errors={errors} />
    </section>
  )
}
