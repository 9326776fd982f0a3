import { useState } from 'preact/hooks'
import { Ago } from '../parts/ago.tsx'
import { Table } from '../parts/table.tsx'
import { Told } from '../parts/told.tsx'
import { choose, linkTo } from '../route.ts'
import { useQuery } from '../use-query.ts'

const names = '{ types { name } }'

const query = `query ($type: String!, $id: String!) {
  record(type: $type, id: $id) {
    mongo { ...copy }
    postgres { ...copy }
    fields { path mongo postgres differs }
    others
    findings { group resolver kind path at }
  }
}
fragment copy on StoredCopy { version isOwed isDeleted issues { path rule } }`

interface Copy {
  readonly version: string
  readonly isOwed: boolean
  readonly isDeleted: boolean
  readonly issues: readonly { readonly path: string; readonly rule: string }[]
}

interface Shown {
  readonly record: {
    readonly mongo: Copy | null
    readonly postgres: Copy | null
    readonly fields: readonly {
      readonly path: string
      readonly mongo: unknown
      readonly postgres: unknown
      readonly differs: boolean
    }[]
    readonly others: readonly string[]
    /** Null where the store does not answer that keeps them. */
    readonly findings: readonly Finding[] | null
  }
}

interface Finding {
  readonly group: string
  readonly resolver: string
  readonly kind: string
  readonly path: string
  readonly at: string
}

function words(copy: Copy | null): string {
  if (copy === null) return 'not there'
  const { version, isOwed, isDeleted, issues } = copy
  return [
    `version ${version}`,
    ...(isDeleted ? ['deleted'] : []),
    ...(isOwed ? ['owed to the other store'] : []),
    ...issues.map(({ path, rule }) => `${path}: ${rule}`),
  ].join(', ')
}

const text = (value: unknown): string => (value === null ? '–' : JSON.stringify(value))

/** What was found of it, by the groups that have it for an example. */
function Findings({ findings }: Pick<Shown['record'], 'findings'>) {
  if (findings === null) return null
  if (findings.length === 0) return <p class="quiet">No group of differences has it for an example.</p>
  return (
    <Table
      rows={findings}
      keyOf={({ group }) => group}
      columns={[
        { title: 'Found', of: ({ at }) => <Ago at={at} /> },
        { title: 'Group', of: ({ group }) => <a href={linkTo('mismatches', group)}>{group}</a> },
        { title: 'Kind', of: ({ kind }) => kind },
        { title: 'Path', of: ({ path }) => path || 'the whole record' },
        { title: 'Read by', of: ({ resolver }) => resolver },
      ]}
    />
  )
}

function InBoth({ record: { mongo, postgres, fields, others, findings } }: Shown) {
  return (
    <>
      <dl class="facts">
        <dt>MongoDB</dt>
        <dd>{words(mongo)}</dd>
        <dt>PostgreSQL</dt>
        <dd>{words(postgres)}</dd>
      </dl>
      {others.length > 0 && <p>It differs in what has no field: {others.join(', ')}.</p>}
      {fields.length > 0 && (
        <Table
          rows={fields}
          keyOf={({ path }) => path}
          isOdd={({ differs }) => differs}
          columns={[
            {
              title: 'Field',
              of: ({ path, differs }) => (
                <>
                  {path}
                  {differs && <small>differs</small>}
                </>
              ),
            },
            { title: 'MongoDB', of: (field) => text(field.mongo) },
            { title: 'PostgreSQL', of: (field) => text(field.postgres) },
          ]}
        />
      )}
      <h2>Findings</h2>
      <Findings findings={findings} />
    </>
  )
}

const Found = ({ type, id }: { readonly type: string; readonly id: string }) => (
  <Told answer={useQuery<Shown>(query, { type, id })}>{(shown) => <InBoth {...shown} />}</Told>
)

/** One record, side by side. */
export function Records({ query: chosen }: { readonly query: URLSearchParams }) {
  const { data } = useQuery<{ readonly types: readonly { readonly name: string }[] }>(names, {}, { everyMs: 60_000 })
  const types = data?.types.map(({ name }) => name) ?? []
  const [type, id] = [chosen.get('type') ?? types[0] ?? '', chosen.get('id') ?? '']
  const [typed, setTyped] = useState(id)
  const look = (event: Event): void => {
    event.preventDefault()
    choose({ type, id: typed.trim() })
  }
  return (
    <>
      <h1>Records</h1>
      <search>
        <form class="filter" onSubmit={look}>
          <label>
            Type
            <select value={type} onChange={({ currentTarget }) => choose({ type: currentTarget.value })}>
              {types.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            Id
            <input required value={typed} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
          </label>
          <button type="submit">Look up</button>
        </form>
      </search>
      {type && id ? (
        <Found key={`${type} ${id}`} type={type} id={id} />
      ) : (
        <p class="quiet">
          Both stores are asked for it. <a href={linkTo('mismatches')}>Mismatches</a> name records that differ.
        </p>
      )}
    </>
  )
}
