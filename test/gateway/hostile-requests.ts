/** A request that is made to hurt: the exact body, and the start of what is told. */
export interface HostileRequest {
  readonly title: string
  readonly body: () => string
  readonly told: string
}

const times = (count: number, part: (n: number) => string, separator = ' '): string =>
  Array.from({ length: count }, (_, n) => part(n)).join(separator)

const query = (text: string, variables = '{}'): string => `{"query":${JSON.stringify(text)},"variables":${variables}}`
const browse = 'query ($filter: MovieFilter) { movies(filter: $filter) { totalCount } }'
const nested = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels)

const tokens = 'The query has more than 2000 tokens (limits.tokens). Send a shorter one.'
const inputs = 'The variables hold more than 20000 objects and lists (limits.inputObjects). Send fewer at a time.'
const tooDeep = 'The input is nested too deep.'

export const hostileRequests: readonly HostileRequest[] = [
  {
    title: 'case a: four levels of a hundred',
    body: () =>
      query(
        '{users(first:100){edges{node{comments(first:100){edges{node{movie{comments(first:100){edges{node{author{id}}}}}}}}}}}}',
      ),
    told: 'The answer may hold 2020100 objects',
  },
  {
    title: 'case b: 3 MB of fields',
    body: () => query(`{${' a'.repeat(1_500_000)}}`),
    told: 'The body of the request is larger',
  },
  { title: '990 KB of fields', body: () => query(`{${' a'.repeat(495_000)}}`), told: tokens },
  {
    title: 'case d: 600 counts',
    body: () => query(`{${times(600, (n) => `a${n}:movies{totalCount}`)}}`),
    told: tokens,
  },
  {
    title: '300 counts',
    body: () => query(`{${times(300, (n) => `a${n}:movies{totalCount}`)}}`),
    told: 'The query has more than 100 aliases (limits.aliases).',
  },
  {
    title: 'case e: 99 KB of words',
    body: () => query('query($t:String!){searchMovies(text:$t){id}}', JSON.stringify({ t: 'word '.repeat(19_800) })),
    told: 'text must have at most 2000 characters, got 99000 (limits.textLength).',
  },
  {
    title: '600 words',
    body: () =>
      query('query($t:String!){searchMovies(text:$t){id}}', JSON.stringify({ t: times(600, (n) => n.toString(36)) })),
    told: 'text must have at most 30 words, got 600.',
  },
  {
    title: 'an input nested 50,000 deep',
    body: () => query(browse, `{"filter":${nested('{"not":', '}', 50_000).replace('}', '{}}')}}`),
    told: inputs,
  },
  {
    title: 'an input nested 15,000 deep',
    body: () => query(browse, `{"filter":${nested('{"not":', '}', 15_000).replace('}', '{}}')}}`),
    told: tooDeep,
  },
  {
    title: 'a list of 19,000 inputs',
    body: () => query(browse, `{"filter":{"or":[${times(19_000, () => '{}', ',')}]}}`),
    told: 'The query costs 104707',
  },
  {
    title: 'a list of 9,000 inputs',
    body: () => query(browse, `{"filter":{"or":[${times(9_000, () => '{}', ',')}]}}`),
    told: 'or must hold at most 1000 filters, got 9000.',
  },
  {
    title: '9,900 conditions',
    body: () =>
      query(
        browse,
        `{"filter":{"and":[${times(11, () => `{"or":[${times(900, () => '{"title":{"eq":"x"}}', ',')}]}`, ',')}]}}`,
      ),
    told: 'The query costs 120070',
  },
  {
    title: '900 conditions, 20 times',
    body: () =>
      query(
        `query ($filter: MovieFilter) {${times(20, (n) => `a${n}: movies(filter: $filter) { totalCount }`)}}`,
        `{"filter":{"or":[${times(900, () => '{"title":{"eq":"x"}}', ',')}]}}`,
      ),
    told: 'The query costs 221940',
  },
  {
    title: '100 aliases of __typename in nested pages',
    body: () =>
      query(
        `{users(first:100){edges{node{comments(first:99){edges{node{${times(95, (n) => `a${n}:__typename`)}}}}}}}}`,
      ),
    told: 'The query costs 950902',
  },
  {
    title: '900 aliases of __typename',
    body: () => query(`{users{edges{node{${times(600, (n) => `a${n}:__typename`)}}}}}`),
    told: 'The query has more than 100 aliases (limits.aliases).',
  },
  {
    title: 'an alias of 900 KB on each record of a page',
    body: () => query(`{movies(first:100){edges{node{${'a'.repeat(900_000)}:id}}}}`),
    told: 'The query costs 1800302',
  },
  {
    title: 'an alias of 900 KB on each field of the schema',
    body: () => query(`{__schema{types{fields{${'a'.repeat(900_000)}:name}}}}`),
    told: 'The query costs',
  },
  {
    title: '900 directives on a variable',
    body: () => query(`query($v:Int${'@include(if:true)'.repeat(250)}){movies(first:$v){totalCount}}`),
    told: 'The query has more than 50 directives (limits.directives).',
  },
  {
    title: 'lists nested 200,000 deep for an input',
    body: () => query(browse, `{"filter":{"or":${nested('[', ']', 200_000)}}}`),
    told: inputs,
  },
  { title: 'a body of nested lists, 1 MB', body: () => nested('[', ']', 499_000), told: 'Batching is not supported.' },
  {
    title: 'a literal nested 5,000 deep',
    body: () => query(`{movies(filter:${nested('{not:', '}', 5_000)}){totalCount}}`),
    told: tokens,
  },
  {
    title: 'lists nested 990 deep in a literal',
    body: () => query(`{movies(filter:{or:${nested('[', ']', 900)}}){totalCount}}`),
    told: 'Expected value of type',
  },
  {
    title: 'a list of 90,000 inputs',
    body: () => query(browse, `{"filter":{"or":[${times(90_000, () => '{}', ',')}]}}`),
    told: inputs,
  },
  {
    title: '90,000 wrong values',
    body: () => query(browse, `{"filter":{"title":{"in":[${times(90_000, () => '1', ',')}]}}}`),
    told: 'Variable "$filter" got invalid value at "filter.title.in[0]"',
  },
  {
    title: '50,000 variables that nobody declared',
    body: () =>
      query(browse, `{${times(50_000, (n) => `"v${n}":1`, ',')}}`).replace('movies(filter: $filter)', 'nothing'),
    told: 'Cannot query field',
  },
  {
    title: '100,000 declared variables',
    body: () => query(`query(${times(100_000, (n) => `$v${n}:Int`)}){__typename}`).slice(0, 990_000),
    told: '',
  },
  {
    title: 'one key 100,000 times',
    body: () => `{${times(100_000, () => '"query":""', ',').slice(0, 990_000)}`,
    told: '',
  },
  {
    title: '__proto__ in variables and body',
    body: () => `{"query":"{ __typename }","variables":{"__proto__":{"filter":{}}},"__proto__":{"operationName":"x"}}`,
    told: 'Unexpected parameter "__proto__"',
  },
  {
    title: 'a whole number of 400,000 digits',
    body: () => query('query($n:Int){movies(first:$n){totalCount}}', `{"n":${'9'.repeat(400_000)}}`),
    told: 'Variable "$n" got invalid value',
  },
  {
    title: 'a literal of 400,000 digits',
    body: () => query(`{movies(first:${'9'.repeat(400_000)}){totalCount}}`),
    told: 'Int cannot represent',
  },
  { title: '10,000 operations', body: () => query(times(10_000, (n) => `query Q${n}{__typename}`)), told: tokens },
  {
    title: '333 operations, of which none is named',
    body: () => query(times(333, (n) => `query Q${n}{__typename}`)),
    told: 'Could not determine what operation to execute.',
  },
  {
    title: 'fragments that lead in a circle',
    body: () => query('{...A} fragment A on Query{...B} fragment B on Query{...A}'),
    told: 'Cannot spread fragment "A" within itself via "B".',
  },
  {
    title: 'fragments that double 150 times',
    body: () =>
      query(
        `{...F0} ${times(150, (n) => `fragment F${n} on Query{...F${n + 1} ...F${n + 1}}`)} fragment F150 on Query{movies(first:100){edges{node{id}}}}`,
      ),
    told: 'The answer may hold 9007199254740991 objects',
  },
  {
    title: 'a batch of 1,000',
    body: () => `[${times(1_000, () => '{"query":"{__typename}"}', ',')}]`,
    told: 'Batching is not supported.',
  },
  {
    title: 'NUL in an operation name',
    body: () => '{"query":"query A{__typename}","operationName":"\\u0000A\\ud800"}',
    told: 'Could not determine what operation to execute.',
  },
  {
    title: 'a name of an operation of 900 KB',
    body: () => `{"query":"query A{__typename}","operationName":"${'é'.repeat(300_000)}"}`,
    told: 'Could not determine what operation to execute.',
  },
  {
    title: 'one field 1,990 times',
    body: () => query(`{${' __typename'.repeat(1_990)}}`),
    told: 'Validation aborted.',
  },
  {
    title: 'one field with a selection 400 times, for the rule that fields can be merged',
    body: () => query(`{${'comments{edges{node{id}}}'.repeat(200)}}`),
    told: '',
  },
  {
    title: 'fields that must be compared two by two on each level',
    body: () => {
      let inner = 'id'
      while (inner.length < 4_500) inner = `movie{${inner} ${inner}}comments{edges{node{${inner}}}}`
      return query(`{movie(id:1){${inner}}}`)
    },
    told: '',
  },
  {
    title: '1,000 fields that are not there',
    body: () => query(`{${times(1_000, (n) => `movie${n}`)}}`),
    told: 'Cannot query field "movie0"',
  },
  {
    title: 'fields of 90 KB that are not there',
    body: () => query(`{${times(10, (n) => `m${n}${'o'.repeat(90_000)}`)}}`),
    told: 'Cannot query field',
  },
  {
    title: 'introspection a hundred times',
    body: () => query(`{${times(100, (n) => `a${n}:__schema{types{fields{name type{name} args{name}}}}`)}}`),
    told: '',
  },
  {
    title: 'introspection in a circle',
    body: () => query('{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}'),
    told: 'Maximum introspection depth exceeded',
  },
  {
    title: '900 KB of a comment',
    body: () => query(`#${'x'.repeat(900_000)}\n{nothing}`),
    told: 'Cannot query field "nothing"',
  },
  {
    title: 'a text of 900 KB that is no text',
    body: () => query(`{movie(id:"${'x'.repeat(900_000)}){id}}`),
    told: 'Syntax Error: Unterminated string',
  },
  {
    title: '70,000 mistakes in an input',
    body: () => query(browse, `{"filter":{${times(70_000, (n) => `"k${n}":1`, ',')}}}`),
    told: 'Variable "$filter" got invalid value',
  },
  {
    title: 'sixty mistakes beside a text of 900 KB',
    body: () => query(browse, `{"filter":{"plot":"${'x'.repeat(900_000)}",${times(60, (n) => `"k${n}":1`, ',')}}}`),
    told: 'Variable "$filter" got invalid value',
  },
  {
    title: '9,000 mistakes in a list',
    body: () => query(browse, `{"filter":{"year":{"in":[${times(9_000, () => '"x"', ',')}]}}}`),
    told: 'Variable "$filter" got invalid value',
  },
  {
    title: 'an id of 900 KB',
    body: () => query('query($i:ID!){movie(id:$i){id}}', `{"i":"${'x'.repeat(900_000)}"}`),
    told: '',
  },
  {
    title: 'a cursor of 900 KB',
    body: () => query('query($a:String){movies(after:$a){totalCount}}', `{"a":"${'e30'.repeat(300_000)}"}`),
    told: 'The cursor',
  },
  {
    title: 'an order of 9,000 keys',
    body: () =>
      query(
        'query($o:[MovieOrder!]){movies(orderBy:$o){edges{node{id}}}}',
        `{"o":[${times(9_000, () => '{"field":"TITLE"}', ',')}]}`,
      ),
    told: 'The order must have at most 31 keys, got 9000.',
  },
  {
    title: 'a page of pages, 90 times',
    body: () =>
      query(
        `{${times(90, (n) => `a${n}:movies(first:100){...P}`)}} fragment P on MovieConnection{edges{node{comments(first:100){edges{node{id}}}}}}`,
      ),
    told: 'The answer may hold 909000 objects',
  },
]
