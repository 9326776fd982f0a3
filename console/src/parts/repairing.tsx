import { useState } from 'preact/hooks'
import { useAct } from './act.tsx'
import { Troubles } from './told.tsx'

const mutation = `mutation ($type: String!, $group: String!, $isDryRun: Boolean!) { repair(type: $type, group: $group, isDryRun: $isDryRun) { records unequal { id kind paths } undecided put buried keptOut left { id } } }`

interface Repaired {
  readonly records: number
  readonly unequal: readonly { readonly id: string; readonly kind: string; readonly paths: readonly string[] }[]
  readonly undecided: readonly string[]
  readonly put: number
  readonly buried: number
  readonly keptOut: readonly string[]
  readonly left: readonly { readonly id: string }[]
}

/** For an operator: makes the records of the examples equal, once it was seen what that does. */
export function Repairing({
  type,
  name,
  onDone,
}: {
  readonly type: string
  readonly name: string
  readonly onDone: () => void
}) {
  const [found, setFound] = useState<Repaired | null>(null)
  const { act, isBusy, errors } = useAct(({ data }) => {
    setFound((data as { repair: Repaired }).repair)
    onDone()
  })
  const go = (isDryRun: boolean, sure?: string): Promise<boolean> =>
    act(mutation, { type, group: name, isDryRun }, sure === undefined ? {} : { sure })
  const isRepaired = found !== null && found.put + found.buried > 0
  const differ = found?.unequal.length ?? 0
  return (
    <section>
      <p>
        <button type="button" disabled={isBusy} onClick={() => go(true)}>
          What a repair would do
        </button>{' '}
        {found && !isRepaired && differ > 0 && (
          <button
            type="button"
            disabled={isBusy}
            onClick={() =>
              go(false, `Repair ${differ} of the records, from the store with authority? What is replaced is kept.`)
            }
          >
            Repair {differ}
          </button>
        )}
      </p>
      <Troubles errors={errors} />
      <div role="status">
        {found && isRepaired && (
          <p>
            Put: {found.put}, removed: {found.buried}, differing still: {found.left.length}, refused:{' '}
            {found.keptOut.length}.
          </p>
        )}
        {found && !isRepaired && (
          <p>
            {differ} of {found.records} records differ now
            {found.undecided.length > 0 && `, and ${found.undecided.length} were owed or changed each time`}.
          </p>
        )}
        {found && !isRepaired && (
          <ul>
            {found.unequal.map(({ id, kind, paths }) => (
              <li key={id}>
                {id}: {kind} {paths.join(', ')}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}
