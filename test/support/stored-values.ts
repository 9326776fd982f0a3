import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from 'mongodb'

/** What people have stored. */
export const storedValues: readonly unknown[] = [
  null,
  ...['', ' ', '\t12\n', '12', '+12', '-0', '1.5', '.5', '1e3', '1e999', '99999999999', '0x10', '0b11', ' 0o7 '],
  ...[
    'Infinity',
    'NaN',
    '1995è',
    'dear',
    'a\0b',
    'open',
    'true',
    '-',
    '650000000000000000000008',
    'ABCDEF000000000000000000',
  ],
  ...['24', '0xFFFFFFFFFF', '0x', '1,5', '１２', '12\u00a0', '\u3000', 'a\u00a0', '21474836470', '0', 'e5', '1_000'],
  ...[0, -0, 1, -1, 2147483647, 2147483648, -2147483649, 1.5, 1e-7, 1e-320, 2 ** 53, 2 ** 53 + 2, 1e21, 1e308].map(
    (n) => new Double(n),
  ),
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((n) => new Double(n)),
  ...[0, 7, -7, 2147483647].map((n) => new Int32(n)),
  ...[
    '0',
    '5',
    '2147483648',
    '9007199254740992',
    '9007199254740993',
    '-9223372036854775808',
    '9223372036854775807',
  ].map((n) => Long.fromString(n)),
  ...['0', '12', '12.0', '19.99', '1E+3', '1E-7', '1E+400', 'NaN', 'Infinity', '2147483648'].map((n) =>
    Decimal128.fromString(n),
  ),
  ...[true, false, new Date(0), new Date('1990-05-01T12:30:00.123Z'), new Date(12), new Date(-1)],
  ...[
    '650000000000000000000008',
    '65000000000000000000000a',
    '000000000000000000000012',
    '0000000000000000000000e1',
  ].map((hex) => new ObjectId(hex)),
  ...[new Binary(Buffer.from('ab')), new UUID('5f0c5e4e-0000-4000-8000-000000000001'), new Timestamp({ t: 1, i: 1 })],
  ...[/a/, {}, { a: 1 }, [], ['a'], [1], new MinKey(), new MaxKey()],
]
