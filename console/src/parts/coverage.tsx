import { Ago } from './ago.tsx'
import { count } from './format.ts'
import { Table } from './table.tsx'

interface Read {
  readonly resolver: string
  readonly asked: number
  readonly compared: number
  readonly matched: number
  readonly repeated: number
  readonly flapped: number
  readonly lastAt: string | null
}

export interface Coverage {
  readonly isProved: boolean
  readonly fields: readonly { readonly field: string; readonly readBy: readonly Read[] }[]
  readonly results: readonly Read[]
}

export const coverageFields = 'coverage { isProved fields { field readBy { ...read } } results { ...read } }'

/** Stands behind a query that selects them. */
export const coverageFragment =
  'fragment read on ResolverCoverage { resolver asked compared matched repeated flapped lastAt }'

/** Never compared comes first, then what did not agree each time. */
const trouble = ({ compared, matched }: Read): number => (compared === 0 ? 2 : matched < compared ? 1 : 0)

interface Row {
  readonly field: string
  readonly each: Read
}

const Rows = ({ rows }: { readonly rows: readonly Row[] }) => (
  <Table
    rows={rows}
    isOfWords
    keyOf={({ field, each }) => `${field} ${each.resolver}`}
    isOdd={({ each }) => trouble(each) > 0}
    columns={[
      { title: 'Field', of: ({ field }) => field },
      { title: 'Read by', of: ({ each }) => each.resolver },
      { title: 'Asked', of: ({ each }) => count(each.asked) },
      { title: 'Compared', of: ({ each }) => (each.compared === 0 ? 'never' : count(each.compared)) },
      {
        title: 'Matched',
        of: ({ each: { compared, matched } }) =>
          matched < compared ? `${count(matched)}, not ${count(compared - matched)}` : count(matched),
      },
      {
        title: 'Flaps',
        of: ({ each }) => (each.flapped > 0 ? `${count(each.flapped)} of ${count(each.repeated)}` : '–'),
      },
      { title: 'Last compared', of: ({ each }) => <Ago at={each.lastAt} /> },
    ]}
  />
)

/** What clients ask for: first what nobody compared, and what differed; the rest is there for whoever wants it. */
export function CoverageRows({ coverage }: { readonly coverage: Coverage }) {
  const read = [
    ...coverage.fields.flatMap(({ field, readBy }) => readBy.map((each) => ({ field, each }))),
    ...coverage.results.map((each) => ({ field: '(whole result)', each })),
  ]
  const odd = read.filter(({ each }) => trouble(each) > 0).sort((a, b) => trouble(b.each) - trouble(a.each))
  const agreed = read.filter(({ each }) => trouble(each) === 0)
  const unread = coverage.fields.filter(({ readBy }) => readBy.length === 0).map(({ field }) => field)
  return (
    <>
      <p>
        {coverage.isProved
          ? 'All that clients asked for was compared.'
          : 'Some of what clients asked for was never compared.'}
        {unread.length > 0 && ` Nobody asked for ${unread.join(', ')}.`}
      </p>
      {odd.length > 0 && <Rows rows={odd} />}
      {agreed.length > 0 && (
        <details>
          <summary>{count(agreed.length)} that agreed each time</summary>
          <Rows rows={agreed} />
        </details>
      )}
    </>
  )
}
