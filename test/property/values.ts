import fc, { type Arbitrary, constantFrom, double, integer, jsonValue, oneof, stringMatching, tuple } from 'fast-check'
import { Binary, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb'
import { packId, unpackId } from '../../src/codec/composite-id.ts'
import type { Kind } from '../../src/codec/kind.ts'
import { type KindName, kindOf } from '../../src/codec/kinds.ts'

/** Texts that stores fold, order, escape or normalise in ways of their own. */
const awkward = [
  '', ' ', 'a', 'A', 'b', 'ab', 'AB', 'ß', 'ẞ', 'SS', 'ss', 'İ', 'I', 'i', 'ı', 'Σ', 'σ', 'ς', 'É', 'é', 'e\u0301', 'ſ', 'K',
  '\u212a', 'ǅ', '👩‍🚀', '\u{10ffff}', '\ufffd', '\ufeff', 'a%b', '_', '\\', '.*', '^$', '[a]', '(', 'x\n', '\n', '"', "'", '$a',
  'null', '1995è', '-20 BC', '12', '٣', 'n/a',
] // biome-ignore format: one list

const words = oneof(
  { weight: 3, arbitrary: constantFrom(...awkward) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
).filter((text) => !text.includes('\0') && text.isWellFormed())

const hex = (length: number): Arbitrary<string> => stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))

const instants = oneof(
  constantFrom(-1, 0, 1, -62135596800000, 253402300799999, -2082844800000, 951782400000),
  // Stand-in (SecantusDB): it takes the years 1 to 9999 and no others
  integer({ min: -62135596800000, max: 253402300799999 }),
).map((ms) => new Date(ms))

const wholeDecimals = fc.maxSafeInteger().map(String)
const decimals = oneof(
  constantFrom('0', '1', '-1', '0.1', '-0.1', '1E-6176', '9.999999999999999999999999999999999E+6144', '-1E+6144'),
  constantFrom(
    '9007199254740993',
    '1.5',
    '1.50000000000000000000000000000001',
    '-7E+30',
    '12345678901234567890123456789012.34',
  ),
  tuple(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), integer({ min: -40, max: 10 })).map(
    ([digits, exponent]) => `${digits}E${exponent}`,
  ),
  wholeDecimals,
)

const longs = oneof(
  constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)

const ints = oneof(constantFrom(0, 1, -1, 5, 12, 1995, 2147483647, -2147483648), integer({ min: -20, max: 20 }))
const floats = oneof(
  constantFrom(0, -0, 0.1, 0.2, 0.30000000000000004, 6.5, 1e21, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53),
  double({ noNaN: true, noDefaultInfinity: true }),
  integer({ min: -9, max: 9 }),
)

export const states = ['open', 'held', 'done', 'É'] as const

/** At the paths that the world's mappings name, what may be found there and what may not. */
const member = oneof(words, ints, floats, fc.boolean(), constantFrom(null, [], {}, ['x'], [{ n: 1 }], 2 ** 31, 1.5))
const jsonValues = oneof(
  jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }),
  fc.record({ a: member, deep: oneof(member, fc.record({ n: member, 'x y': member })) }, { requiredKeys: [] }),
)

/** What composite ids of a world are made of. */
export const idParts = { store: 'text', number: 'int' } as const

export const kindNamed = (kind: KindName): Kind<unknown> =>
  kindOf({ kind, parts: kind === 'compositeId' ? idParts : null })

/** Values of a kind, as an application gives them. */
export const valuesOf: Record<KindName, Arbitrary<unknown>> = {
  objectId: oneof(constantFrom('0'.repeat(24), 'f'.repeat(24)), hex(24)),
  text: words,
  int: ints,
  float: floats,
  boolean: fc.boolean(),
  timestamp: instants,
  json: jsonValues,
  decimal: decimals,
  long: longs,
  longId: longs.map(String),
  compositeId: fc.record({ store: words, number: ints }).map((parts) => packId(idParts, parts)),
  uuid: oneof(fc.uuid(), constantFrom('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')),
  binary: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  enum: constantFrom(...states),
}

const asNumber = (value: number): Arbitrary<unknown> =>
  Number.isInteger(value) && Math.abs(value) <= 2147483647
    ? constantFrom<unknown>(new Int32(value), Long.fromNumber(value), new Double(value))
    : fc.constant(new Double(value))

/** What other programs leave in collections: values of every type. */
export const anything: Arbitrary<unknown> = oneof(
  constantFrom<unknown>('', 'x', '12', 'a\0b', true, false, -1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY),
  constantFrom<unknown>(new Double(-0), Long.MAX_VALUE, Decimal128.fromString('NaN'), Decimal128.fromString('1.5')),
  constantFrom<unknown>([], {}, [null], [1, 'x'], { a: 1 }, [['a']], new Date(0), new ObjectId('0'.repeat(24))),
  constantFrom<unknown>({ store: 'a', number: 1.5 }, { number: 1, store: 'a' }, { store: 'a', number: 1, more: 1 }),
  constantFrom<unknown>(new Binary(Buffer.alloc(17, 255), 4), new Binary(Buffer.from('x'))),
  constantFrom<unknown>(' 12 ', '-1', '1e3', '.5', '5.', '0x10', 'NaN', 'Infinity', '1e400', ' ', '2147483648', '1.5'),
  constantFrom<unknown>(new Double(19.99), new Double(1e21), new Double(1e-7), new Double(-0), Long.fromNumber(-3)),
  constantFrom<unknown>(Decimal128.fromString('12'), Decimal128.fromString('19.90'), Decimal128.fromString('1E+400')),
  constantFrom<unknown>(Decimal128.fromString('-Infinity'), new Date(1), new Date(1.7e12), 'f'.repeat(24)),
)

/** Instants in each form that a timestamp may be kept in. */
export const storedInForms: Arbitrary<unknown> = instants.chain((at) => {
  // Stand-in (SecantusDB): away from the years that it does not have
  const elsewhere = at.toISOString().replace('Z', at.getTime() < 0 ? '-02:00' : '+02:00')
  return constantFrom<unknown>(at, at.toISOString(), elsewhere, Long.fromNumber(at.getTime()))
})

/** The same values as documents hold them; numbers in every type that may stand for them. */
export const storedOf: Record<KindName, Arbitrary<unknown>> = {
  objectId: valuesOf.objectId.map((id) => new ObjectId(id as string)),
  text: words,
  int: ints.chain(asNumber),
  float: floats.chain(asNumber),
  boolean: fc.boolean(),
  timestamp: instants,
  json: oneof({ weight: 4, arbitrary: valuesOf.json }, { weight: 1, arbitrary: fc.record({ a: anything, b: words }) }),
  decimal: oneof(
    decimals.map((text) => Decimal128.fromString(text)),
    ints.chain(asNumber),
  ),
  long: oneof(
    longs.map((long) => Long.fromBigInt(long)),
    ints.chain(asNumber),
    fc.maxSafeInteger().map((whole) => new Double(whole)),
  ),
  longId: oneof(
    longs.map((long) => Long.fromBigInt(long)),
    ints.chain(asNumber),
    fc.maxSafeInteger().map((whole) => new Double(whole)),
    wholeDecimals.map((text) => Decimal128.fromString(text)),
  ),
  // Stand-in (SecantusDB): in expressions it takes no decimal inside of an object for the int of its value; MongoDB does
  compositeId: valuesOf.compositeId.chain((id) => {
    const { store, number } = unpackId(idParts, id as string)
    return asNumber(number).map((each) => ({ store, number: each }))
  }),
  uuid: valuesOf.uuid.map((uuid) => new UUID(uuid as string)),
  binary: valuesOf.binary.map((text) => new Binary(Buffer.from(text as string, 'base64'))),
  enum: oneof({ weight: 4, arbitrary: valuesOf.enum }, { weight: 1, arbitrary: words }),
}
