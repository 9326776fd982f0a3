import type { Json } from 'crossfade'
import { type Document, date, decimal, document } from './document.ts'
import type { Random } from './random.ts'

const ADJECTIVES = ['Quiet', 'Long', 'Salt', 'Blue', 'Second', 'Paper', 'Winter', 'Small', 'Open']
const NOUNS = ['Harbour', 'Orchard', 'Letters', 'Mountain', 'Kitchen', 'Atlas', 'Garden', 'Bridge', 'Island']
const AUTHORS = ['Ida Brandt', 'Tomás Rey', 'Lena Okafor', 'Jun Mori', 'Ágnes Szabó', 'Nils Ek']
const THINGS = ['Kettle', 'Lamp', 'Clock', 'Radio', 'Grinder', 'Scale', 'Torch', 'Toaster']
const BRANDS = ['Nordlys', 'Kvant', 'Ohm & Sons', 'Pico', null]
const AVAILABILITY = ['inStock', 'inStock', 'inStock', 'sold-out', 'pre-order', 'onRequest']

const slug = (title: string, place: number): string => `${title.toLowerCase().replaceAll(' ', '-')}-${place}`

/** What all kinds have, with what ten years of three back offices have left behind. */
function shared(random: Random, place: number, title: string): { [key: string]: Json | undefined } {
  const cents = random.between(4, 160) * 50 - 5
  const amount = decimal(cents)
  return {
    _id: slug(title, place),
    title: place === 7 ? 1984 : title, // a title that a form took for a number
    price: {
      amount: place % 23 === 5 ? cents / 100 : amount, // a double, of which nobody knows the cents
      currency: random.oneIn(8) ? 'USD' : 'EUR',
    },
    cost: random.oneIn(5) ? undefined : decimal(Math.floor(cents / 2)),
    stock: place % 17 === 3 ? String(random.between(1, 40)) : random.between(0, 40),
    availability: place % 29 === 11 ? 'Sold out' : random.pick(AVAILABILITY),
    added_at: date(random.between(0, 600) + (place % 4) / 4),
    deleted_at: random.oneIn(10) ? date(random.between(601, 700)) : random.oneIn(3) ? null : undefined,
  }
}

function book(random: Random, place: number): Document {
  const title = `The ${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`
  return document({
    ...shared(random, place, title),
    kind: 'book',
    authors: place % 19 === 4 ? random.pick(AUTHORS) : [random.pick(AUTHORS)], // a text in the place of a list
    isbn: random.oneIn(6) ? undefined : `978-3-${String(random.between(0, 99_999_999)).padStart(8, '0')}-${place % 10}`,
    pages: random.oneIn(7) ? String(random.between(80, 900)) : random.between(80, 900),
  })
}

function gadget(random: Random, place: number): Document {
  const title = `${random.pick(THINGS)} ${random.pick(['S', 'M', 'XL', 'Mini', '2'])}`
  return document({
    ...shared(random, place, title),
    kind: 'gadget',
    brand: random.pick(BRANDS),
    size: random.oneIn(6) ? undefined : { w: random.between(5, 80) + 0.5, h: random.between(5, 80), unit: 'cm' },
    warranty: random.pick([12, 24, 36]),
    supplier: { code: `S${place % 7}`, terms: ['30d'] },
  })
}

/** No product of the contract: sold once, over another counter. */
const voucher = (_: Random, place: number): Document => ({ _id: `voucher-${place}`, kind: 'voucher', value: 50 })

/** A catalogue of a hundred books and gadgets, and some vouchers among them. */
export const products = (random: Random): Document[] =>
  Array.from({ length: 104 }, (_, place) => (place < 60 ? book : place < 100 ? gadget : voucher)(random, place))
