import { afterEach, expect, test, vi } from 'vitest'
import { printVerified } from '../../src/cli/print-verified.ts'
import type { Verified } from '../../src/jobs/verify.ts'

afterEach(() => void vi.restoreAllMocks())

const equal: Verified = {
  type: 'Book',
  authority: 'mongo',
  epoch: 3,
  mapping: 'ab',
  asked: null,
  began: '2026-03-01T10:00:00.000Z',
  ended: '2026-03-01T10:00:01.000Z',
  compared: 5,
  different: { missing: 0, extra: 0, content: 0, version: 0 },
  oldColumns: 0,
  accepted: 0,
  acceptedDocuments: 0,
  rules: [],
  groups: [],
  undecided: 0,
  quarantined: 0,
  duplicates: [],
  relations: { dangling: [], undecided: 0, unchecked: [] },
  issues: [],
  examples: [],
}

/** The lines behind the first. */
function printed(found: Partial<Verified>): string[] {
  const lines: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text).replace(/^Book: |\n$/g, ''))
    return true
  })
  printVerified({ ...equal, ...found })
  return lines.slice(1)
}

test.each<[string, Partial<Verified>, string[]]>([
  ['nothing', {}, ['all are equal, with their versions, and there are no others']],
  [
    'nothing, held against documents',
    { authority: 'postgres' },
    ['all are equal, with their versions, and there are no other records; documents without one were not looked for'],
  ],
  [
    'what differs as rules have it',
    { accepted: 2 },
    ['2 differ as somebody has accepted: see `crossfade mismatches rules`', 'the others are equal'],
  ],
  [
    'an old value in a column',
    { different: { ...equal.different, content: 2 }, oldColumns: 1 },
    [
      '2 differ',
      '1 of those have an old value in a column of PostgreSQL, which filters and orders go by, and the present one among what is unmapped: an app with an earlier mapping has written them. A repair writes the column',
      '`crossfade repair Book` shows how they differ',
    ],
  ],
  [
    'documents that may be without a record',
    { accepted: 1, acceptedDocuments: 1 },
    ['1 have no record, as somebody has accepted: see `crossfade issues list Book`', 'the others are equal'],
  ],
  [
    'references that lead nowhere in both stores, though all are equal',
    { issues: [{ path: 'author_id', rule: 'refers to a Author that does not exist', count: 2 }] },
    [
      '2 records have an open data issue, author_id: refers to a Author that does not exist; see `crossfade issues list Book`',
      'all are equal, with their versions, and there are no others',
    ],
  ],
  [
    'a part that no record is of',
    { asked: { since: null, sample: null, where: { op: 'eq', path: 'isbn', value: 'x' } }, compared: 0 },
    [
      'this was a part of the type: where {"op":"eq","path":"isbn","value":"x"}. Nothing is said of the rest, and no mirror becomes fresh by it',
      'no record was met by that, so that nothing was compared',
    ],
  ],
  [
    'targets that were written each time',
    { relations: { dangling: [], undecided: 3, unchecked: [] } },
    ['3 were owed or changed each time that they were looked at: see `crossfade mirror status`'],
  ],
  [
    'a version that no gateway has made, in words',
    {
      different: { ...equal.different, content: 1 },
      examples: [{ id: 'a', kind: 'content', paths: ['runtime'], versions: ['0.0', '3.7'] }],
    },
    [
      '1 differ',
      'a: content in runtime (versions: never written and 3.7)',
      '`crossfade repair Book` shows how they differ',
    ],
  ],
  [
    'ids that a terminal would obey, by the numbers of their signs',
    {
      different: { ...equal.different, missing: 1 },
      examples: [{ id: 'a\u001b[2J\u202eb', kind: 'missing', paths: [], versions: ['0.0', null] }],
    },
    [
      '1 are missing in postgres',
      String.raw`a\u001b[2J\u202eb: missing (versions: never written and none)`,
      '`crossfade repair Book` shows how they differ',
    ],
  ],
  [
    'a value that both stores hold twice, once',
    {
      duplicates: [
        { stores: ['mongo', 'postgres'], paths: ['isbn'], count: 2, ids: ['a', 'b'], because: 'isbn is unique' },
      ],
    },
    ['2 records of mongo and postgres have one value of isbn, such as a, b: isbn is unique'],
  ],
])('%s', (_, found, lines) => {
  expect(printed(found)).toEqual(lines)
})
