import type { ComponentChildren } from 'preact'
import { useContext } from 'preact/hooks'
import { mayDo, Session } from '../session.ts'
import { useAct } from './act.tsx'
import { Ago } from './ago.tsx'
import { Troubles } from './told.tsx'

/** Something long that a gateway does for somebody. */
export interface Task {
  readonly by: string
  readonly startedAt: string
  /** Null while it is under way. */
  readonly endedAt: string | null
  /** Why it was not done, a line each. */
  readonly error: string | null
}

interface TaskShownProps {
  readonly title: string
  readonly task: Task
  /** How far it is, while it is under way. */
  readonly progress: ComponentChildren
  /** What it has found. */
  readonly result: ComponentChildren
  /** Ends it: the mutation and its variables. */
  readonly stop: Parameters<ReturnType<typeof useAct>['act']>
  readonly onDone: () => void
}

/** One task, how far it is, or what came of it; QA may stop it. */
export function TaskShown({ title, task, progress, result, stop, onDone }: TaskShownProps) {
  const { act, isBusy, errors } = useAct(onDone)
  const mayStop = mayDo(useContext(Session), 'qa')
  const { by, startedAt, endedAt, error } = task
  return (
    <div role="status" class="example">
      <p>
        <strong>
          {title} {endedAt === null ? 'under way' : error === null ? 'done' : 'not done'}
        </strong>
        , by {by}, <Ago at={startedAt} />
      </p>
      {endedAt === null && (
        <>
          {progress}
          {mayStop && (
            <button type="button" disabled={isBusy} onClick={() => act(...stop)}>
              Stop
            </button>
          )}
        </>
      )}
      {result}
      {error?.split('\n').map((line) => (
        <p key={line} class="trouble">
          {line}
        </p>
      ))}
      <Troubles errors={errors} />
    </div>
  )
}
