import { useState } from 'preact/hooks'
import { useQuery } from '../use-query.ts'
import { ActForm, useAct } from './act.tsx'
import { Ago } from './ago.tsx'
import { Told } from './told.tsx'

const query = '{ changes { key by startedAt lines endedAt error } }'

interface Move {
  readonly key: string
  readonly by: string
  readonly startedAt: string
  readonly lines: readonly string[]
  readonly endedAt: string | null
  readonly error: string | null
}

const fresh = { everyMs: 1_000, of: ['jobs'] } as const

const setStage = `mutation ($type: String!, $stage: Stage, $readPercent: Float, $samplePercent: Float, $why: String, $force: Boolean!, $noOtherWriters: Boolean!) {
  setStage(type: $type, stage: $stage, readPercent: $readPercent, samplePercent: $samplePercent, why: $why, force: $force, noOtherWriters: $noOtherWriters) { key }
}`

const stages = ['off', 'dualwrite', 'shadow', 'live', 'rampdown', 'complete']

/** What each stage means for who reads and writes. */
const meanings: Readonly<Record<string, string>> = {
  off: 'MongoDB alone is read and written.',
  dualwrite: 'MongoDB is read and written, and PostgreSQL gets every write.',
  shadow: 'As in dualwrite, and reads are compared.',
  live: 'PostgreSQL is read and written, MongoDB gets every write, and reads are compared.',
  rampdown: 'As in live, and nothing is compared.',
  complete: 'PostgreSQL alone is read and written.',
}

function Progress({ move: { by, startedAt, lines, endedAt, error } }: { readonly move: Move }) {
  const state = endedAt === null ? 'under way' : error === null ? 'done' : 'not made'
  return (
    <div role="status" class="example">
      <p>
        <strong>Change {state}</strong>, by {by}, <Ago at={startedAt} />
      </p>
      <ul>
        {lines.map((line, at) => {
          const key = `${at} ${line}`
          return <li key={key}>{line}</li>
        })}
      </ul>
      {error?.split('\n').map((line) => (
        <p key={line} class="trouble">
          {line}
        </p>
      ))}
    </div>
  )
}

const number = (text: string | undefined): number | null => (text ? Number(text) : null)

interface ChangingProps {
  readonly type: string
  /** Of the flag. */
  readonly keyOf: string
  readonly stage: string
}

/** For an operator: another stage, or other shares, and how it goes. */
export function Changing({ type, keyOf, stage }: ChangingProps) {
  const answer = useQuery<{ readonly changes: readonly Move[] }>(query, {}, fresh)
  const [to, setTo] = useState(stage)
  const { act, isBusy, errors } = useAct(answer.again)
  const change = ({ reads, sample, why, force, alone }: Readonly<Record<string, string>>): Promise<boolean> => {
    const sure =
      to === stage
        ? `Change the shares of ${keyOf}?`
        : `${keyOf}: ${stage} → ${to}. ${meanings[to]} Writes are held for a moment where authority moves. Go on?`
    const variables = {
      type,
      stage: to === stage ? null : to,
      readPercent: number(reads),
      samplePercent: number(sample),
      why: why || null,
      force: force === 'on',
      noOtherWriters: alone === 'on',
    }
    return act(setStage, variables, { sure })
  }
  return (
    <section>
      <h2>Change</h2>
      <ActForm title="Change" isBusy={isBusy} errors={errors} onSubmit={change}>
        <label>
          To stage
          <select value={to} onChange={({ currentTarget }) => setTo(currentTarget.value)}>
            {stages.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <label>
          Reads on the other store, %
          <input name="reads" type="number" min="0" max="100" step="any" />
        </label>
        <label>
          Compared, %
          <input name="sample" type="number" min="0" max="100" step="any" />
        </label>
        <label>
          Reason
          <input name="why" maxLength={2_000} />
        </label>
        <label class="tick">
          <input name="alone" type="checkbox" /> Nobody but gateways writes to it
        </label>
        <label class="tick">
          <input name="force" type="checkbox" /> Although gates are not met
        </label>
      </ActForm>
      <p class="quiet">{meanings[to]}</p>
      <Told answer={answer}>
        {({ changes }) => {
          const move = changes.find(({ key }) => key === keyOf)
          return move && <Progress move={move} />
        }}
      </Told>
    </section>
  )
}
