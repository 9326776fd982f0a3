import { useContext } from 'preact/hooks'
import { mayDo, Session } from '../session.ts'
import { useAct } from './act.tsx'
import { count, countsInWords } from './format.ts'
import { type Task, TaskShown } from './task.tsx'
import { Troubles } from './told.tsx'

export const verificationFields = `verifications {
  type by startedAt compared total unequal endedAt error
  found { isClean authority compared missing extra content version accepted undecided quarantined duplicates dangling examples { id kind paths } }
}`

export interface Verification extends Task {
  readonly type: string
  readonly compared: number
  readonly total: number | null
  readonly unequal: number
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
  const told = countsInWords(found, counts)
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
  const { type, compared, total, unequal, found } = verification
  return (
    <TaskShown
      title={`Verification of ${type}`}
      task={verification}
      progress={
        <>
          <progress value={compared} max={total ?? undefined} aria-label={`Verification of ${type}`}>
            {compared}
          </progress>
          <p>
            {count(compared)}
            {total !== null && ` of about ${count(total)}`} records, {count(unequal)} differ
          </p>
        </>
      }
      result={found && <Result found={found} />}
      stop={[stopVerify, { type }]}
      onDone={onDone}
    />
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
