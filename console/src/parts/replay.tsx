import { useContext } from 'preact/hooks'
import { mayDo, Session } from '../session.ts'
import { useAct } from './act.tsx'
import { Ago } from './ago.tsx'
import { bytes, count, countsInWords } from './format.ts'
import { type Task, TaskShown } from './task.tsx'
import { Troubles } from './told.tsx'

export const replayFields = `replays {
  field by startedAt done different endedAt error
  found {
    isEqual a b compared equal different undecided unanswered unreadable problems
    notCompared { mutations subscriptions tokens unfit others refusedAlike }
    stale { type operations }
    groups { operation path kind count examples { place at a b records { type id paths } } }
  }
}
recorded { files bytes lastAt }`

/** What a page asks for with `replayFields`. */
export interface Replays {
  readonly replays: readonly Replay[]
  readonly recorded: { readonly files: number; readonly bytes: number; readonly lastAt: string | null }
}

interface Replay extends Task {
  readonly field: string | null
  readonly done: number
  readonly different: number
  readonly found: Found | null
}

/** Of what was not compared, what it is called. */
const reasons = {
  mutations: 'mutations',
  subscriptions: 'subscriptions',
  tokens: 'ask for what was not recorded, since it is sensitive',
  unfit: 'do not fit the contract of today',
  others: 'do not select the field',
  refusedAlike: 'are refused by both alike',
} as const

interface Found {
  readonly isEqual: boolean
  readonly a: string
  readonly b: string
  readonly compared: number
  readonly equal: number
  readonly different: number
  readonly undecided: number
  readonly unanswered: number
  readonly unreadable: number
  readonly problems: readonly string[]
  readonly notCompared: Readonly<Record<keyof typeof reasons, number>>
  readonly stale: readonly { readonly type: string; readonly operations: number }[]
  readonly groups: readonly Differing[]
}

interface Differing {
  readonly operation: string
  readonly path: string
  readonly kind: string
  readonly count: number
  readonly examples: readonly {
    readonly place: string
    readonly at: string
    readonly a: unknown
    readonly b: unknown
    readonly records: readonly { readonly type: string; readonly id: string; readonly paths: readonly string[] }[]
  }[]
}

const startReplay = 'mutation ($field: String) { replay(field: $field) { by } }'

const stopReplay = 'mutation { stopReplay }'

function Group({ group, a, b }: { readonly group: Differing; readonly a: string; readonly b: string }) {
  const { operation, path, kind, examples } = group
  return (
    <details>
      <summary>
        {operation} {path || '(the whole answer)'}: {kind}, {count(group.count)} times
      </summary>
      {examples.map(({ place, at, a: one, b: other, records }) => (
        <div key={place}>
          <p>
            {place}, {at || 'the whole answer'}
          </p>
          <pre>
            {a}: {JSON.stringify(one)}
            {'\n'}
            {b}: {JSON.stringify(other)}
          </pre>
          <ul>
            {records.map(({ type, id, paths }) => (
              <li key={`${type} ${id}`}>
                {type} {id}: {paths.join(', ') || 'read by one alone'}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </details>
  )
}

function Result({ found }: { readonly found: Found }) {
  const { isEqual, a, b, compared, equal, different, undecided, unanswered, unreadable, problems, notCompared, stale } =
    found
  const apart = countsInWords(notCompared, reasons)
  return (
    <>
      <p>
        {count(compared)} operations compared between {a} and {b}: {count(equal)} equal, {count(different)} different
        {undecided > 0 && `, ${count(undecided)} undecided`}
        {unanswered > 0 && `, ${count(unanswered)} not answered`}
        {unreadable > 0 && `, ${count(unreadable)} lines not to be read`}.{' '}
        {!isEqual && different === 0 && 'It proves nothing.'}
      </p>
      {apart.length > 0 && <p>Not compared: {apart.join('; ')}.</p>}
      {stale.map(({ type, operations }) => (
        <p key={type}>
          {count(operations)} read {type}, of which one store’s copy is not kept equal.
        </p>
      ))}
      {found.groups.map((group) => (
        <Group key={`${group.operation} ${group.path} ${group.kind}`} group={group} a={a} b={b} />
      ))}
      {problems.map((text) => (
        <p key={text} class="trouble">
          {text}
        </p>
      ))}
    </>
  )
}

/** One replay, how far it is, or what it has found. */
export function ReplayShown({ replay, onDone }: { readonly replay: Replay; readonly onDone: () => void }) {
  const { field, done, different, found } = replay
  return (
    <TaskShown
      title={`Replay of ${field ?? 'all that was recorded'}`}
      task={replay}
      progress={
        <p>
          {count(done)} operations asked, {count(different)} differ
        </p>
      }
      result={found && <Result found={found} />}
      stop={[stopReplay, {}]}
      onDone={onDone}
    />
  )
}

interface ReplayingProps extends Replays {
  /** Operations that select it; null for all. */
  readonly field: string | null
  readonly onDone: () => void
}

/** For QA: what clients have asked, asked of both stores again. */
export function Replaying({ field, replays, recorded, onDone }: ReplayingProps) {
  const { act, isBusy, errors } = useAct(onDone)
  const mayStart = mayDo(useContext(Session), 'qa')
  const isUnderWay = replays.some(({ endedAt }) => endedAt === null)
  const last = field === null ? undefined : replays.find((each) => each.field === field)
  return (
    <section>
      <h2>Replay</h2>
      <p class="quiet">
        {recorded.lastAt === null ? (
          'Nothing was recorded here: `crossfade record start` begins to.'
        ) : (
          <>
            {bytes(recorded.bytes)} of what clients asked are recorded here, the last <Ago at={recorded.lastAt} />.
          </>
        )}
      </p>
      {last && <ReplayShown replay={last} onDone={onDone} />}
      {mayStart && recorded.lastAt !== null && !isUnderWay && (
        <button type="button" disabled={isBusy} onClick={() => act(startReplay, { field })}>
          {field === null ? 'Replay all of it on both stores' : `Replay what selects ${field} on both stores`}
        </button>
      )}
      <Troubles errors={errors} />
    </section>
  )
}
