import { Decimal128, type Document, Double } from 'mongodb'
import { toDouble } from './coercion.ts'

const two = new Double(2)
const step = 62 // the largest power of two that a long holds

/** The powers of two in that many steps, to the 34 digits of a decimal: no server is relied on to work them out. */
const steps = Array.from({ length: Math.ceil(1127 / step) }, (_, index) => {
  const digits = String(2n ** BigInt(index * step))
  const [kept, dropped] = [digits.slice(0, 34), digits.slice(34)]
  return Decimal128.fromString(`${kept}E${dropped.length}`)
})

/** 2 to a whole power of 0 or more: exact where 34 digits are enough. */
function powerOfTwo(power: string): Document {
  const rest = { $toDecimal: { $toLong: { $pow: [two, { $mod: [power, step] }] } } }
  return { $multiply: [{ $arrayElemAt: [steps, { $toInt: { $floor: { $divide: [power, step] } } }] }, rest] }
}

/** A double to 34 digits: as a whole number of 53 bits, which is exact as a decimal, and a power of two. */
function exactly(value: string): Document {
  const half = { $floor: { $divide: ['$$bits', 2] } }
  // In two steps, since the power alone may be past the doubles
  const once = { $multiply: [value, { $pow: [two, half] }] }
  const whole = { $toDecimal: { $toLong: { $multiply: [once, { $pow: [two, { $subtract: ['$$bits', half] }] }] } } }
  const scaled = {
    $cond: [
      { $gte: ['$$bits', 0] },
      { $divide: [whole, powerOfTwo('$$bits')] },
      { $let: { vars: { up: { $abs: '$$bits' } }, in: { $multiply: [whole, powerOfTwo('$$up')] } } },
    ],
  }
  // Two more than 53 bits, since a logarithm may be off by one
  return { $let: { vars: { bits: { $subtract: [55, { $floor: { $log: [{ $abs: value }, 2] } }] } }, in: scaled } }
}

/** $round takes -20 to 100 places: numbers are brought into that reach by powers of ten, which keep their digits. */
const up = [300, 200, 100, 0, -100, -200, -300].map((power) => Decimal128.fromString(`1E${power}`))
const down = [-300, -200, -100, 0, 100, 200, 300].map((power) => Decimal128.fromString(`1E${power}`))

/** Fifteen digits are not enough: sixteen, seventeen, or all. Each is tried by making a double of it again. */
function longer(value: string): Document {
  const rounded = (digits: number): Document => ({
    $multiply: [
      { $round: ['$$near', { $toInt: { $subtract: [digits - 1, '$$first'] } }] },
      { $arrayElemAt: [down, '$$reach'] },
    ],
  })
  const tried = (digits: number, otherwise: unknown): Document => ({
    $let: {
      vars: { candidate: rounded(digits) },
      in: { $cond: [{ $eq: [toDouble('$$candidate'), value] }, '$$candidate', otherwise] },
    },
  })
  const found = tried(15, tried(16, tried(17, rounded(18))))
  const near = { $multiply: [exactly(value), { $arrayElemAt: [up, '$$reach'] }] }
  const first = { $subtract: ['$$power', { $multiply: [100, { $subtract: ['$$reach', 3] }] }] }
  const inReach = { $let: { vars: { near, first }, in: found } }
  const reach = { $toInt: { $floor: { $divide: [{ $add: ['$$power', 380] }, 100] } } }
  const withReach = { $let: { vars: { reach }, in: inReach } }
  return { $let: { vars: { power: { $floor: { $log10: { $abs: value } } } }, in: withReach } }
}

/**
 * A finite double as the shortest decimal that reads as the same double again, which is how JavaScript and Postgres
 * write it; null stays null. $toDecimal stops at 15 digits, which is enough for most. Numbers below 2.3e-308 keep 18
 * digits, and so may a power of two, next to which doubles lie at unequal distances.
 * Source: Steele and White, "How to print floating-point numbers accurately", 1990.
 */
export function shortestDecimal(value: unknown): Document {
  const isSame = { $or: [{ $eq: [toDouble('$$fifteen'), '$$double'] }, { $eq: ['$$double', null] }] }
  const decided = {
    $let: { vars: { fifteen: { $toDecimal: '$$double' } }, in: { $cond: [isSame, '$$fifteen', longer('$$double')] } },
  }
  return { $let: { vars: { double: { $toDouble: value } }, in: decided } }
}
