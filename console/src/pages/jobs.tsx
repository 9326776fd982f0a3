import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import { ActForm, useAct } from '../parts/act.tsx'
import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { Replaying, ReplayShown, type Replays, replayFields } from '../parts/replay.tsx'
import { Told, Troubles } from '../parts/told.tsx'
import { type Verification, VerificationShown, verificationFields } from '../parts/verification.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `{
  copies { type from total seen copied mended removed quarantined refused done ended ranges rangesDone isPaused limit slow owners }
  ${verificationFields}
  ${replayFields}
}`

interface Shown extends Replays {
  readonly copies: readonly Copy[]
  readonly verifications: readonly Verification[]
}

interface Copy {
  readonly type: string
  readonly from: string
  readonly total: number | null
  readonly seen: number
  readonly copied: number
  readonly mended: number
  readonly removed: number
  readonly quarantined: number
  readonly refused: number
  readonly done: boolean
  readonly ended: string | null
  readonly ranges: number
  readonly rangesDone: number
  readonly isPaused: boolean
  readonly limit: number | null
  readonly slow: readonly string[]
  readonly owners: readonly string[]
}

const controlCopy =
  'mutation ($type: String!, $isPaused: Boolean, $limit: Float) { controlCopy(type: $type, isPaused: $isPaused, limit: $limit) }'

/** Records a second, between two answers; null before the second one. */
function useRate(seen: number): number | null {
  const last = useRef({ seen, at: performance.now() })
  const [rate, setRate] = useState<number | null>(null)
  useEffect(() => {
    const now = performance.now()
    const { seen: before, at } = last.current
    if (seen !== before) setRate((seen - before) / ((now - at) / 1_000))
    last.current = { seen, at: now }
  }, [seen])
  return rate
}

function standing({ done, isPaused, owners }: Copy): string {
  if (done) return 'complete'
  if (isPaused) return 'paused'
  return owners.length > 0 ? `under way in ${owners.join(', ')}` : 'stopped: nobody works on it'
}

const left = ({ total, seen }: Copy, rate: number | null): string =>
  total === null || !rate || total <= seen ? '' : `, about ${count(Math.ceil((total - seen) / rate / 60))} min left`

function Control({ copy: { type, isPaused }, onDone }: { readonly copy: Copy; readonly onDone: () => void }) {
  const { act, isBusy, errors } = useAct(onDone)
  return (
    <>
      <button type="button" disabled={isBusy} onClick={() => act(controlCopy, { type, isPaused: !isPaused })}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <ActForm
        title="Set rate"
        isBusy={isBusy}
        onSubmit={({ limit }) => act(controlCopy, { type, limit: Number(limit) })}
      >
        <label>
          Documents a second at most, 0 for as many as may be
          <input name="limit" type="number" min="0" required />
        </label>
      </ActForm>
      <Troubles errors={errors} />
    </>
  )
}

function Job({ copy, onDone }: { readonly copy: Copy; readonly onDone: () => void }) {
  const isOperator = mayDo(useContext(Session), 'operator')
  const rate = useRate(copy.seen)
  const { type, from, total, seen, copied, mended, removed, quarantined, refused, done, ended, ranges, rangesDone } =
    copy
  return (
    <article class="example">
      <h2>
        Copy of <a href={linkTo('types', type)}>{type}</a>, from {from}
      </h2>
      <p>
        {standing(copy)}
        {ended && (
          <>
            , <Ago at={ended} />
          </>
        )}
        {copy.limit !== null && `, ${count(copy.limit)} a second at most`}
      </p>
      {!done && (
        <progress value={seen} max={total ?? undefined} aria-label={`Copy of ${type}`}>
          {seen}
        </progress>
      )}
      <p>
        {count(seen)}
        {total !== null && ` of about ${count(total)}`} records
        {!done && rate !== null && `, ${count(Math.round(rate))} a second${left(copy, rate)}`}; {count(rangesDone)} of{' '}
        {count(ranges)} ranges; {count(copied)} written, {count(mended)} mended, {count(removed)} removed,{' '}
        {count(quarantined)} without a record, {count(refused)} refused
      </p>
      {copy.slow.map((why) => (
        <p key={why}>It goes slowly, since {why}.</p>
      ))}
      {!done && isOperator && <Control copy={copy} onDone={onDone} />}
    </article>
  )
}

const fresh = { of: ['jobs'] } as const

/** Copies, verifications and replays, as far as they are. */
export function Jobs() {
  const answer = useQuery<Shown>(query, {}, fresh)
  return (
    <>
      <h1>Jobs</h1>
      <Told answer={answer}>
        {({ copies, verifications, replays, recorded }) => (
          <>
            {copies.map((copy) => (
              <Job key={copy.type} copy={copy} onDone={answer.again} />
            ))}
            {verifications.map((each) => (
              <VerificationShown key={`${each.type} ${each.startedAt}`} verification={each} onDone={answer.again} />
            ))}
            {copies.length === 0 && <p class="quiet">Nothing was copied yet: `crossfade backfill` copies.</p>}
            {verifications.length === 0 && (
              <p class="quiet">Nothing was verified by this page yet: a type's own page has it done.</p>
            )}
            <Replaying field={null} replays={replays} recorded={recorded} onDone={answer.again} />
            {replays.map((each) => (
              <ReplayShown key={each.startedAt} replay={each} onDone={answer.again} />
            ))}
          </>
        )}
      </Told>
    </>
  )
}
