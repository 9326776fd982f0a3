import { linkTo } from '../route.ts'
import { Ago } from './ago.tsx'

export interface ExampleOf {
  /** That the record is of. */
  readonly type: string
  readonly id: string | null
  readonly at: string
  readonly example: {
    readonly args?: unknown
    readonly control?: unknown
    readonly candidate?: unknown
    readonly controlVersion?: string | null
    readonly candidateVersion?: string | null
    readonly answeredBy?: keyof typeof storeNames
    readonly traceId?: string
  }
}

const storeNames = { mongo: 'MongoDB', postgres: 'PostgreSQL' } as const

const text = (value: unknown): string => (value === undefined ? '–' : JSON.stringify(value, null, 2))

/** The lines of one text, those marked that the other one has not at the same place. */
function Lines({ own, other }: { readonly own: string; readonly other: string }) {
  const others = other.split('\n')
  return (
    <pre>
      {own.split('\n').map((line, at) => {
        const key = `${at} ${line}`
        return others[at] === line ? <span key={key}>{`${line}\n`}</span> : <mark key={key}>{`${line}\n`}</mark>
      })}
    </pre>
  )
}

/** As `verify` says it: that of a record which no gateway has written would look like a value. */
const versionIn = (version: string | null | undefined): string =>
  version ? ` (${version === '0.0' ? 'never written' : version})` : ''

/** One record, or one whole result, as both stores answered it. */
export function Example({
  type,
  id,
  at,
  example: { args, control, candidate, controlVersion, candidateVersion, answeredBy, traceId },
}: ExampleOf) {
  const [ours, theirs] = [text(control), text(candidate)]
  const other = answeredBy && (answeredBy === 'mongo' ? 'postgres' : 'mongo')
  return (
    <article class="example">
      <h3>
        {id === null ? (
          '(whole result)'
        ) : (
          <a href={`${linkTo('records')}?${new URLSearchParams({ type, id })}`}>{id}</a>
        )}{' '}
        <small>
          <Ago at={at} />
        </small>
      </h3>
      <div class="sides">
        <figure>
          <figcaption>
            {answeredBy ? `${storeNames[answeredBy]}, which answered` : 'What answered'}
            {versionIn(controlVersion)}
          </figcaption>
          <Lines own={ours} other={theirs} />
        </figure>
        <figure>
          <figcaption>
            {other ? `${storeNames[other]}, compared with it` : 'What it was compared with'}
            {versionIn(candidateVersion)}
          </figcaption>
          <Lines own={theirs} other={ours} />
        </figure>
      </div>
      <details>
        <summary>What was asked</summary>
        <pre>{text(args)}</pre>
        {traceId && <p>In the trace {traceId}</p>}
      </details>
    </article>
  )
}
