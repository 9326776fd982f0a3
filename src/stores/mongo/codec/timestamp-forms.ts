import { type Document, Long } from 'mongodb'
import type { TimestampForm } from '../../../codec/converter.ts'
import { Refused } from '../../../codec/refused.ts'
import { firstYear, lastYear, minTimestamp } from '../../../codec/timestamp.ts'
import { branch, type Coercion, chosen, ofTypes, where } from './coercion.ts'
import { dateOfText, instantOf, isOwnText, isOwnTextAt, otherIsoText } from './iso-text.ts'
import type { MongoKind } from './mongo-kind.ts'
import { maxTimestamp, timestampKind } from './timestamp.ts'

/** How one form is stored, and how instants are said by it. */
interface Form {
  readonly types: readonly string[]
  /** Milliseconds since 1970; undefined for what is no instant in this form. */
  readonly decode: (raw: unknown) => number | undefined
  /** A date of a value of `types`, as an expression; null where it is none that both stores hold. */
  readonly date: (value: string) => Document
  readonly encode: (value: Date) => unknown
  /** A date in this form, as an expression. */
  readonly from: (date: string) => unknown
  /** The first and the last instant that it can say, where those are not all that both stores hold. */
  readonly range: readonly [from: number, to: number] | null
}

const epoch = new Date(0)
const everyInstant = [minTimestamp, maxTimestamp] as const

const within = (value: unknown, [from, to]: readonly [unknown, unknown]): Document => ({
  $and: [{ $gte: [value, from] }, { $lte: [value, to] }],
})

/** A number that is a whole one, of milliseconds that both stores hold. */
const isInstant = (value: string): Document => ({
  $and: [within(value, everyInstant), { $eq: [{ $trunc: value }, value] }],
})

const forms: Readonly<Record<TimestampForm, Form>> = {
  date: {
    types: ['date'],
    decode: (raw) => (raw instanceof Date && !Number.isNaN(raw.getTime()) ? raw.getTime() : undefined),
    date: (value) => where(timestampKind.guard!(value), value),
    encode: (value) => value,
    from: (date) => date,
    range: null,
  },
  text: {
    types: ['string'],
    decode: (raw) => (typeof raw === 'string' ? instantOf(raw) : undefined),
    date: dateOfText,
    encode: (value) => value.toISOString(),
    from: (date) => ({ $dateToString: { date, format: '%Y-%m-%dT%H:%M:%S.%LZ' } }),
    range: [firstYear, lastYear],
  },
  milliseconds: {
    types: ['int', 'long', 'double'],
    decode: (raw) => (Number.isSafeInteger(raw) ? (raw as number) + 0 : undefined),
    // The range first, since a large double has no long.
    // Stand-in (SecantusDB): neither $toDate nor $toLong, which round far from 1970
    date: (value) => where(isInstant(value), { $add: [epoch, { $toLong: value }] }),
    encode: (value) => Long.fromNumber(value.getTime()),
    from: (date) => ({ $subtract: [date, epoch] }),
    range: null,
  },
}

const isWithin = (instant: number, [from, to]: readonly [number, number]): boolean => instant >= from && instant <= to

const rules: Readonly<Record<TimestampForm, string>> = {
  date: 'is not a date',
  text: 'is not a date as text, in ISO 8601 with an offset',
  milliseconds: 'is not a whole number of milliseconds since 1970',
}

/** Of each form of its own only those that are written so: one instant is one value, which sorts where the instant does. */
function ownGuard(form: TimestampForm): (value: string) => Document {
  if (form === 'date') return timestampKind.guard!
  if (form === 'text') return isOwnTextAt
  return isInstant
}

function coercionTo(own: Form, read: readonly TimestampForm[]): Coercion<Date> | null {
  const others = read.filter((form) => forms[form] !== own)
  const types = others.flatMap((form) => forms[form].types)
  const texts = { $regex: otherIsoText }
  const readsOtherTexts = own === forms.text
  if (others.length === 0 && !readsOtherTexts) return null
  return {
    stored: (path) => {
      const conditions = [
        ...(types.length > 0 ? [ofTypes(...types)(path)] : []),
        ...(readsOtherTexts ? [{ [path]: texts }] : []),
      ]
      return conditions.length === 1 ? conditions[0]! : { $or: conditions }
    },
    decode(raw) {
      const [instant] = read.flatMap((form) => forms[form].decode(raw) ?? [])
      if (instant === undefined || ![everyInstant, own.range ?? everyInstant].every((each) => isWithin(instant, each)))
        return undefined
      return new Date(instant)
    },
    expression(value) {
      const date = chosen(...read.map((form) => branch(value, forms[form].types, forms[form].date(value))))
      const bounds = own.range?.map((each) => new Date(each)) as [Date, Date] | undefined
      const isSaid = bounds ? within('$$date', bounds) : { $ne: ['$$date', null] }
      return { $let: { vars: { date }, in: where(isSaid, own.from('$$date')) } }
    },
  }
}

/** A timestamp whose documents hold it in one of several forms: the first is written, the others are read as well. */
export function timestampIn(read: readonly TimestampForm[]): MongoKind<Date> {
  const [first] = read as readonly [TimestampForm]
  const own = forms[first]
  const known = kinds.get(read.join())
  if (known) return known
  const isOwn = (raw: unknown): boolean => first !== 'text' || isOwnText(raw as string)
  const kind: MongoKind<Date> = {
    types: own.types,
    decode(raw) {
      const instant = own.decode(raw)
      if (instant === undefined || !isOwn(raw)) return new Refused(rules[first])
      return isWithin(instant, everyInstant)
        ? new Date(instant)
        : new Refused('is outside the years that both stores hold')
    },
    encode: own.encode,
    guard: ownGuard(first),
    coercion: coercionTo(own, read),
  }
  kinds.set(read.join(), kind)
  return kind
}

const kinds = new Map<string, MongoKind<Date>>()
