import { useContext } from 'preact/hooks'
import { count, ms } from '../parts/format.ts'
import { KillButton, useKill } from '../parts/kill.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { StageTrack } from '../parts/stage-track.tsx'
import { Table } from '../parts/table.tsx'
import { Told, Troubles } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
import { mayDo, Session } from '../session.ts'
import { useQuery } from '../use-query.ts'

const query = `{
  types {
    name
    killedAs
    flag { key members stage target reads candidate readPercent samplePercent fresh isLost returned { why } }
    latency { mongo { p50 p99 } postgres { p50 p99 } }
    verdicts { verdict count }
    recent { compared diverged }
    owed { owed deadLetters }
  }
}`

const gatesQuery = '{ types { name evidence { from to gates { met } } } }'

interface Gated {
  readonly types: readonly {
    readonly name: string
    readonly evidence: {
      readonly from: string
      readonly to: string
      readonly gates: readonly { readonly met: boolean }[]
    } | null
  }[]
}

/** To look at gates reads much. */
const gatesFresh = { everyMs: 300_000 } as const

interface Speed {
  readonly p50: number | null
  readonly p99: number | null
}

interface TypeRow {
  readonly name: string
  /** By which names; empty where it is not. */
  readonly killedAs: readonly string[]
  readonly flag: {
    readonly key: string
    readonly members: readonly string[]
    readonly stage: string
    readonly target: string | null
    readonly reads: string
    readonly candidate: string | null
    readonly readPercent: number
    readonly samplePercent: number
    readonly fresh: number | null
    readonly isLost: boolean
    readonly returned: { readonly why: string } | null
  } | null
  readonly latency: { readonly mongo: Speed; readonly postgres: Speed } | null
  readonly verdicts: readonly { readonly verdict: string; readonly count: number }[] | null
  readonly recent: readonly { readonly compared: number; readonly diverged: number }[] | null
  readonly owed: { readonly owed: number; readonly deadLetters: number } | null
}

const speed = (of: Speed | undefined): string => (of ? `${ms(of.p50)} / ${ms(of.p99)}` : '–')

/** Of what was compared, how much differed. */
function divergence(verdicts: TypeRow['verdicts']): string {
  const of = (verdict: string): number => verdicts?.find((each) => each.verdict === verdict)?.count ?? 0
  const diverged = of('diverged')
  const compared = diverged + of('matched') + of('accepted') + of('noise')
  return compared === 0 ? '–' : `${count(diverged)} of ${count(compared)}`
}

/** How much of what was compared differed, by the hour. */
function Recent({ recent }: Pick<TypeRow, 'recent'>) {
  const sum = (of: 'compared' | 'diverged'): number => recent?.reduce((all, hour) => all + hour[of], 0) ?? 0
  const compared = sum('compared')
  if (!recent || compared === 0) return <>–</>
  const percent = `${count(Math.round((sum('diverged') / compared) * 1_000) / 10)}\u00a0%`
  const rates = recent.map((hour) => (hour.compared === 0 ? 0 : hour.diverged / hour.compared))
  return (
    <>
      <Sparkline
        values={rates}
        says={`${percent} of ${count(compared)} comparisons differed in ${recent.length} hours`}
      />{' '}
      {percent}
    </>
  )
}

function reads({ flag }: TypeRow): string {
  if (!flag) return '–'
  const { reads: store, candidate, readPercent } = flag
  return candidate === null || readPercent === 0 ? store : `${store}, ${candidate} ${readPercent} %`
}

/** What is out of order, in words. */
function remarks({ killedAs, flag }: TypeRow): string[] {
  return [
    killedAs.length > 0 ? `killed${killedAs.includes('all') ? ' with all' : ''}: reads answer from the authority` : [],
    flag?.isLost ? 'its store does not confirm this flag' : [],
    flag?.returned ? `reads were taken back: ${flag.returned.why}` : [],
    flag && flag.key !== flag.members.join() ? `moves with ${flag.key}` : [],
  ].flat()
}

const Name = (type: TypeRow) => (
  <>
    <a href={linkTo('types', type.name)}>{type.name}</a>
    {remarks(type).map((remark) => (
      <small key={remark}>{remark}</small>
    ))}
  </>
)

/** What its next stage still asks for, one click away; nothing once it has another stage than when that was looked at. */
function Next({ name, flag, gated }: Pick<TypeRow, 'name' | 'flag'> & { readonly gated: Gated | null }) {
  const evidence = gated?.types.find((each) => each.name === name)?.evidence
  if (!evidence || evidence.from !== flag?.stage) return <>–</>
  const { to, gates } = evidence
  const unmet = gates.filter(({ met }) => !met).length
  return (
    <a href={`${linkTo('types', name)}?gates=shown`}>
      {to}: {unmet === 0 ? 'all gates are met' : `${unmet} of ${gates.length} unmet`}
    </a>
  )
}

const OwedCell = ({ owed }: Pick<TypeRow, 'owed'>) =>
  owed === null ? (
    <>?</>
  ) : (
    <>
      {count(owed.owed)}
      {owed.deadLetters > 0 && <a href={linkTo('outbox')}> {count(owed.deadLetters)} refused</a>}
    </>
  )

const fresh = { of: ['types', 'outbox'] } as const

/** Every type at a glance, and the kill switch. */
export function Types() {
  const who = useContext(Session)
  const answer = useQuery<{ readonly types: readonly TypeRow[] }>(query, {}, fresh)
  const { data: gated } = useQuery<Gated>(gatesQuery, {}, gatesFresh)
  const killing = useKill(answer.again)
  const isAllKilled = answer.data?.types.some(({ killedAs }) => killedAs.includes('all')) === true
  const isOperator = mayDo(who, 'operator')
  const killCell = ({ name, killedAs }: TypeRow) => <KillButton type={name} killedAs={killedAs} killing={killing} />
  return (
    <>
      <div class="title">
        <h1>Types</h1>
        {isOperator && (
          <button
            type="button"
            class="danger"
            disabled={killing.isBusy}
            onClick={() => killing.set('all', !isAllKilled)}
          >
            {isAllKilled ? 'Let all flags rule' : 'Kill all'}
          </button>
        )}
      </div>
      <Troubles errors={killing.errors} />
      <Told answer={answer}>
        {({ types }) => (
          <Table
            rows={types}
            isOfWords
            keyOf={({ name }) => name}
            columns={[
              { title: 'Type', of: (type) => <Name {...type} /> },
              { title: 'Stage', of: ({ flag }) => (flag ? <StageTrack {...flag} /> : 'not known') },
              { title: 'Next', of: ({ name, flag }) => <Next name={name} flag={flag} gated={gated} /> },
              { title: 'Reads', of: reads },
              { title: 'Compared', of: ({ flag }) => (flag?.candidate ? `${flag.samplePercent} %` : '–') },
              { title: 'Differ', of: ({ verdicts }) => divergence(verdicts) },
              { title: 'Differ, 24 hours', of: ({ recent }) => <Recent recent={recent} /> },
              { title: 'MongoDB p50 / p99', of: ({ latency }) => speed(latency?.mongo) },
              { title: 'PostgreSQL p50 / p99', of: ({ latency }) => speed(latency?.postgres) },
              { title: 'Owed', of: ({ owed }) => <OwedCell owed={owed} /> },
              ...(isOperator ? [{ title: 'Kill', of: killCell }] : []),
            ]}
          />
        )}
      </Told>
    </>
  )
}
