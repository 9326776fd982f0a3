import { Ago } from '../parts/ago.tsx'
import { Told } from '../parts/told.tsx'
import { linkTo } from '../route.ts'
import { useQuery } from '../use-query.ts'

const query = 'query ($type: String) { history(type: $type, last: 100) { at key value } }'

interface Change {
  readonly at: string
  readonly key: string
  readonly value: {
    readonly from?: string | null
    readonly to?: string
    readonly epoch?: number
    readonly readPercent?: number
    readonly samplePercent?: number
    readonly why?: string | null
    readonly by?: string
    readonly forced?: boolean
    /** Of the kill switch. */
    readonly killed?: boolean
    readonly unmet?: readonly string[]
  }
}

function words({
  value: { from, to, epoch, readPercent, samplePercent, forced, killed, unmet = [], by, why },
}: Change): string {
  if (killed !== undefined) return `${killed ? 'killed' : 'its flag rules again'}, by ${by}`
  return [
    from === to ? `stays ${to}` : `${from ?? 'not known'} → ${to}`,
    `epoch ${epoch}`,
    `${readPercent} % of reads on the other store`,
    `${samplePercent} % compared`,
    ...(forced ? [`forced although ${unmet.length > 0 ? unmet.join('; ') : 'gates were not met'}`] : []),
    ...(by ? [`by ${by}`] : []),
    ...(why ? [`why: ${why}`] : []),
  ].join(', ')
}

const fresh = { of: ['history'] } as const

/** Who changed what. */
export function Changes({ query: chosen }: { readonly query: URLSearchParams }) {
  const type = chosen.get('type')
  const answer = useQuery<{ readonly history: readonly Change[] }>(query, { type }, fresh)
  return (
    <>
      <h1>History{type && ` of ${type}`}</h1>
      {type && (
        <p>
          <a href={linkTo('history')}>Of all types</a>
        </p>
      )}
      <Told answer={answer}>
        {({ history }) =>
          history.length === 0 ? (
            <p class="quiet">Nothing was changed yet.</p>
          ) : (
            <ul class="history">
              {history.map((change) => (
                <li key={`${change.at} ${change.key}`}>
                  <Ago at={change.at} /> <strong>{change.key}</strong>: {words(change)}
                </li>
              ))}
            </ul>
          )
        }
      </Told>
    </>
  )
}
