import { useQuery } from '../use-query.ts'

const query = '{ silent { store why } }'

interface Told {
  readonly silent: readonly { readonly store: string; readonly why: string }[]
}

const names: Readonly<Record<string, string>> = { mongo: 'MongoDB', postgres: 'PostgreSQL' }

/** Above every page: a store that does not answer, since what it alone knows is missing below. */
export function Silent() {
  const { data, errors } = useQuery<Told>(query)
  const lines = [
    ...(data?.silent ?? []).map(
      ({ store, why }) => `${names[store]} does not answer, and what it alone knows is missing here. ${why}`,
    ),
    ...errors.map(({ message }) => message),
  ]
  return (
    <div role="status" class={lines.length > 0 ? 'banner' : undefined}>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  )
}
