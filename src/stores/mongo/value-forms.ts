import { Decimal128, type Document } from 'mongodb'
import { intPrefixPattern } from '../../codec/converter.ts'
import { maxInt, minInt } from '../../codec/int.ts'
import { numeric, textAsDouble } from './codec/coercion.ts'

const matches = (value: unknown, regex: string): Document => ({ $regexMatch: { input: value, regex } })

const between = (value: string, low: number, high: number): Document => ({
  $and: [{ $gte: [value, low] }, { $lte: [value, high] }],
})

export const choose = (
  branches: readonly (readonly [condition: Document, name: string])[],
  rest: string,
): Document => ({
  $switch: { branches: branches.map(([condition, name]) => ({ case: condition, then: name })), default: rest },
})

const largest = Number.MAX_VALUE
const whole = Number.MAX_SAFE_INTEGER
const exact = 2 ** 53 // the driver makes longs up to here numbers
const maxDate = 8.64e15 // the last instant of ECMAScript's Date
const notFinite = ['NaN', 'Infinity', '-Infinity'].map((each) => Decimal128.fromString(each))

const numberForm = (value: string): Document =>
  choose(
    [
      [{ $in: [value, [null, ...notFinite]] }, 'not finite'],
      [{ $not: [between(value, -largest, largest)] }, 'past doubles'],
      [{ $not: [between(value, -exact, exact)] }, 'huge'],
      [{ $not: [between(value, -whole, whole)] }, 'about 2^53'],
      [{ $eq: [value, 0] }, 'zero'],
      [{ $and: [{ $ne: [{ $trunc: value }, value] }, between(value, -1e-6, 1e-6)] }, 'tiny'],
      [{ $ne: [{ $trunc: value }, value] }, 'fraction'],
      [{ $not: [between(value, minInt, maxInt)] }, 'past 32 bits'],
    ],
    'whole',
  )

const bind = (name: string, value: unknown, within: Document): Document => ({
  $let: { vars: { [name]: value }, in: within },
})

/** What JavaScript trims: its Number reads a text without it. */
const white =
  ' \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'
const plainDigits = '^-?[0-9]{1,10}$'
const ofOtherBase = '^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$'
const shortOfOtherBase = '^0([xX]0*[0-7]?[0-9a-fA-F]{1,7}|[oO]0*[0-3]?[0-7]{1,10}|[bB]0*[01]{1,31})$'

function stringForm(value: string): Document {
  const trimmed = bind(
    't',
    { $trim: { input: value, chars: white } },
    choose(
      [
        [matches('$$t', shortOfOtherBase), 'of another base'],
        [matches('$$t', ofOtherBase), 'of another base, long'],
        [{ $and: [{ $eq: ['$$t', ''] }, matches(value, numeric)] }, 'blank'],
        [{ $eq: ['$$t', ''] }, 'wide space'],
        [{ $ne: [{ $indexOfCP: [value, '\0'] }, -1] }, 'with NUL'],
        [matches(value, intPrefixPattern), 'number first'],
      ],
      'text',
    ),
  )
  const number = bind(
    't',
    { $trim: { input: value, chars: white } },
    bind('n', textAsDouble('$$t'), {
      $concat: [{ $cond: [matches(value, numeric), 'number, ', 'number between wide spaces, '] }, numberForm('$$n')],
    }),
  )
  const isNumber = matches({ $trim: { input: value, chars: white } }, numeric)
  return {
    $switch: {
      branches: [
        { case: { $eq: [value, ''] }, then: 'empty' },
        {
          case: matches(value, plainDigits),
          then: { $concat: ['digits, ', bind('n', textAsDouble(value), numberForm('$$n'))] },
        },
        { case: isNumber, then: number },
      ],
      default: trimmed,
    },
  }
}

const dateForm = (value: string): Document =>
  bind('ms', { $toLong: value }, { $cond: [between('$$ms', -maxDate, maxDate), numberForm('$$ms'), 'far'] })

/** Hexadecimal digits that JavaScript's Number reads. */
const idForm = (value: string): Document =>
  bind(
    'hex',
    { $toString: value },
    choose(
      [
        [matches('$$hex', '^(0*[0-9]{1,9}|0*[0-9]{1,5}e0*[0-3]|0+e[0-9]+)$'), 'few digits'],
        [matches('$$hex', '^[0-9]+(e[0-9]+)?$'), 'digits'],
      ],
      '',
    ),
  )

export const ofType = (value: string, ...types: readonly string[]): Document => ({ $in: [{ $type: value }, types] })

/** The forms that a scalar or a codec tells apart among values of one type. */
export function form(value: string): Document {
  const branches = [
    { case: ofType(value, 'string'), then: stringForm(value) },
    { case: ofType(value, 'int', 'long', 'double', 'decimal'), then: numberForm(value) },
    { case: ofType(value, 'date'), then: dateForm(value) },
    { case: ofType(value, 'objectId'), then: idForm(value) },
  ]
  return { $switch: { branches, default: '' } }
}
