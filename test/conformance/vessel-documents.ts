import { Decimal128, type Document, Double, Int32, Long, ObjectId } from 'mongodb'
import { owner, type VesselName, vesselId } from './vessel.ts'

const launched = new Date('1990-05-01T12:30:00.123Z')

/** Raw documents, most of them dirty in a way that live collections are. */
const documents: Record<VesselName, Document> = {
  // clean, with paths that the mapping does not name at every level
  aurora: {
    name: 'Aurora',
    callSign: 'AB1',
    built: 1990,
    crew: 12,
    draught: 6.5,
    active: true,
    launched,
    owner: new ObjectId(owner),
    papers: { class: 'A', marks: [1, 2.5, null], 'a.b': { $set: 1 } },
    flags: ['red', 'blue'],
    soundings: [3.5, 4],
    decks: [1, 2],
    ports: ['Oslo', 'Bergen', 'Oslo'],
    captain: 'Åse',
    meta: { lastSeen: new Date('2020-01-02T03:04:05.678Z'), note: 'kept', depth: Long.fromString('9007199254740993') },
    engine: { maker: 'MAN', power: 900, serial: 'X-1', fuel: { kind: 'diesel', tons: 20.25, tags: ['a', 'b'] } },
    hull: 'steel',
  },
  // null, said out loud
  bounty: {
    name: 'Bounty',
    callSign: null,
    built: null,
    crew: null,
    draught: null,
    active: null,
    launched: null,
    owner: null,
    papers: null,
    flags: null,
    soundings: null,
    decks: null,
    ports: null,
    captain: null,
    meta: null,
    engine: null,
  },
  // missing
  comet: { name: 'Comet' },
  // there, and empty
  delta: {
    name: 'Delta',
    callSign: '',
    crew: '',
    draught: '',
    papers: {},
    flags: [],
    soundings: [],
    decks: [],
    ports: [],
    meta: {},
    engine: {},
  },
  // empty one level down; lists with elements that are null or of another kind
  echo: {
    name: 'Echo',
    papers: [],
    flags: ['red', null, 5, '', 'green', ['blue']],
    soundings: [1, Number.NaN, '2', Number.POSITIVE_INFINITY, new Decimal128('4')],
    decks: ['3rd', 'x', 4, 4.5, null],
    ports: [null, 'Riga', 7],
    engine: { fuel: {} },
  },
  // wrong types
  fulmar: {
    name: 42,
    callSign: 7,
    built: true,
    crew: '12',
    draught: 'deep',
    active: 'yes',
    launched: '1990-05-01T12:30:00.123Z',
    owner,
    papers: { since: launched },
    flags: 'red',
    soundings: 3.5,
    decks: 1,
    ports: { 0: 'Oslo' },
    captain: { name: 'Åse' },
    meta: 'none',
    engine: 'none',
  },
  // arrays where scalars and objects belong
  grebe: {
    name: ['Grebe'],
    callSign: ['AB1'],
    built: [1990],
    crew: [12],
    draught: [6.5],
    active: [true],
    launched: [launched],
    owner: [new ObjectId(owner)],
    flags: [['red']],
    captain: ['Åse'],
    meta: [{ lastSeen: launched }],
    engine: [{ maker: 'MAN', power: 900, fuel: { kind: 'diesel', tons: 20.25, tags: ['a'] } }],
  },
  // numbers that are nearly right
  heron: {
    name: 'Heron',
    callSign: 'n/a',
    built: '1995è',
    crew: 12.5,
    draught: Number.NaN,
    active: false,
    engine: { power: 900.5, fuel: [{ kind: 'diesel' }] },
  },
  ibis: {
    name: 'Ibis',
    callSign: 'ab1',
    built: 'circa 1995',
    crew: Long.fromString('9007199254740993'),
    draught: Number.POSITIVE_INFINITY,
    launched: new Date('1903-12-01T00:00:00.000Z'),
    engine: { power: 2147483648, fuel: { tons: Long.MIN_VALUE } },
  },
  jackdaw: {
    name: 'Jackdaw',
    callSign: 'Z',
    built: '-20 BC',
    crew: -1,
    draught: -0,
    launched: new Date(-1),
    engine: { maker: 'man', power: new Double(900), fuel: { kind: '', tons: new Int32(20), tags: [] } },
  },
  // NUL, and whole numbers stored as other types
  kite: {
    name: 'Ki\0te',
    callSign: 'K',
    built: new Double(1990),
    crew: Long.fromNumber(12),
    draught: Long.fromString('1152921504606846976'),
    papers: ['\0'],
    ports: ['Os\0lo', 'Oslo'],
  },
  // decimals, and integers past 32 bits in text
  lark: {
    name: 'Lark',
    callSign: 'L',
    built: '99999999999',
    crew: new Decimal128('12'),
    draught: new Decimal128('6.5'),
    papers: 'plain text',
    meta: { lastSeen: new Date('2020-01-02T03:04:05.678Z') },
  },
  merlin: {
    name: 'Merlin',
    callSign: 'M',
    built: '0000',
    crew: 0,
    draught: 1e300,
    papers: 7,
    flags: ['blue', 'red', 'red'],
    ports: ['Riga', 'Oslo'],
    engine: { power: -5, fuel: null },
  },
}

/** What Mongo holds: the documents above, and two that have no record. */
export const vesselDocuments: readonly Document[] = [
  ...Object.entries(documents).map(([name, document]) => ({
    _id: new ObjectId(vesselId(name as VesselName)),
    ...document,
  })),
  { _id: 'not-an-object-id', name: 'Stray' },
  { _id: 7, name: 'Stray too' },
]
