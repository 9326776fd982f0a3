import { Ago } from '../parts/ago.tsx'
import { count } from '../parts/format.ts'
import { type Group, groupFields, recentInWords, stateOf } from '../parts/group.ts'
import { Sparkline } from '../parts/sparkline.tsx'
import { Table } from '../parts/table.tsx'
import { Told } from '../parts/told.tsx'
import { choose, linkTo } from '../route.ts'
import { useQuery } from '../use-query.ts'

const atOnce = 50

const query = `query ($state: GroupState, $type: String, $kind: MismatchKind, $text: String, $sort: GroupSort!, $first: Int!, $skip: Int!) {
  types { name }
  mismatches(state: $state, type: $type, kind: $kind, text: $text, sort: $sort, first: $first, skip: $skip) {
    total
    groups { ${groupFields} }
  }
}`

interface Found {
  readonly types: readonly { readonly name: string }[]
  readonly mismatches: { readonly total: number; readonly groups: readonly Group[] } | null
}

const kinds = ['divergence', 'version', 'missing', 'extra', 'order', 'error']

interface ChoiceProps {
  readonly label: string
  readonly name: string
  readonly value: string
  readonly options: readonly (readonly [value: string, text: string])[]
}

/** One of several; a page that was turned begins anew. */
const Choice = ({ label, name, value, options }: ChoiceProps) => (
  <label>
    {label}
    <select value={value} onChange={({ currentTarget }) => choose({ [name]: currentTarget.value, page: '' })}>
      {options.map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  </label>
)

function Filter({ query: chosen, types }: { readonly query: URLSearchParams; readonly types: readonly string[] }) {
  const of = (name: string): string => chosen.get(name) ?? ''
  const same = (values: readonly string[]) => values.map((value) => [value, value] as const)
  return (
    <search>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <Choice
          label="State"
          name="state"
          value={of('state')}
          options={[
            ['', 'open'],
            ['covered', 'counted apart'],
            ['closed', 'closed'],
            ['any', 'any'],
          ]}
        />
        <Choice label="Type" name="type" value={of('type')} options={[['', 'any'], ...same(types)]} />
        <Choice label="Kind" name="kind" value={of('kind')} options={[['', 'any'], ...same(kinds)]} />
        <Choice
          label="Order"
          name="sort"
          value={of('sort')}
          options={[
            ['', 'most frequent'],
            ['lastAt', 'last seen'],
            ['firstAt', 'newest'],
          ]}
        />
        <label>
          Search
          <input
            type="search"
            placeholder="path, resolver, group, name"
            value={of('text')}
            onChange={({ currentTarget }) => choose({ text: currentTarget.value.trim(), page: '' })}
          />
        </label>
      </form>
    </search>
  )
}

function Pages({ page, total }: { readonly page: number; readonly total: number }) {
  const last = Math.max(0, Math.ceil(total / atOnce) - 1)
  if (last === 0) return null
  return (
    <nav class="pages" aria-label="Pages of groups">
      <button type="button" disabled={page === 0} onClick={() => choose({ page: page === 1 ? '' : String(page - 1) })}>
        Previous
      </button>
      {count(page * atOnce + 1)} to {count(Math.min(total, (page + 1) * atOnce))} of {count(total)}
      <button type="button" disabled={page >= last} onClick={() => choose({ page: String(page + 1) })}>
        Next
      </button>
    </nav>
  )
}

function Groups({ groups }: { readonly groups: readonly Group[] }) {
  if (groups.length === 0) return <p class="quiet">No difference is found by this.</p>
  return (
    <Table
      rows={groups}
      keyOf={({ name }) => name}
      columns={[
        {
          title: 'Where',
          of: ({ name, type, path }) => (
            <>
              <a href={linkTo('mismatches', name)}>
                {type} {path}
              </a>
              <small>{name}</small>
            </>
          ),
        },
        { title: 'Kind', of: ({ kind }) => kind },
        { title: 'Read by', of: ({ resolver }) => resolver },
        { title: 'Count', of: (group) => count(group.count) },
        { title: '24 hours', of: (group) => <Sparkline values={group.recent} says={recentInWords(group)} /> },
        { title: 'Last seen', of: ({ lastAt }) => <Ago at={lastAt} /> },
        { title: 'State', of: stateOf },
        { title: 'Assigned', of: ({ assignee }) => assignee ?? '–' },
      ]}
    />
  )
}

const fresh = { of: ['mismatches'] } as const

/** What shadow reads have found, by what is chosen in the address. */
export function Mismatches({ query: chosen }: { readonly query: URLSearchParams }) {
  const page = Math.max(0, Number.parseInt(chosen.get('page') ?? '0', 10) || 0)
  const state = chosen.get('state') ?? 'open'
  const answer = useQuery<Found>(
    query,
    {
      state: state === 'any' ? null : state,
      type: chosen.get('type'),
      kind: chosen.get('kind'),
      text: chosen.get('text'),
      sort: chosen.get('sort') ?? 'count',
      first: atOnce,
      skip: page * atOnce,
    },
    fresh,
  )
  return (
    <>
      <h1>Mismatches</h1>
      <p class="quiet">Counts are of everything that was compared; of each group at most twenty examples are kept.</p>
      <Filter query={chosen} types={answer.data?.types.map(({ name }) => name) ?? []} />
      <Told answer={answer}>
        {({ mismatches }) =>
          mismatches && (
            <>
              <Groups groups={mismatches.groups} />
              <Pages page={page} total={mismatches.total} />
            </>
          )
        }
      </Told>
    </>
  )
}
