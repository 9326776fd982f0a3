import { type Document, date, document, uuid } from './document.ts'
import type { Random } from './random.ts'

const FIRST = ['Ada', 'Bo', 'Chloé', 'Dmitri', 'Esi', 'Finn', 'Gül', 'Hana', 'Ivo', 'Jo']
const LAST = ['Almeida', 'Berg', 'Costa', 'Duarte', 'Ek', 'Fischer', 'Goto']
const CITIES = [
  ['Köln', 'DE'],
  ['Porto', 'PT'],
  ['Oslo', 'NO'],
  ['Boston', 'US'],
] as const

/** Customers with an address each but for those who never gave one. */
export const customers = (random: Random, count: number): Document[] =>
  Array.from({ length: count }, (_, place) => {
    const [first, last] = [random.pick(FIRST), random.pick(LAST)]
    const [city, country] = random.pick(CITIES)
    return document({
      _id: uuid(place),
      name: `${first} ${last}`,
      email: `${first}.${last}.${place}@mail.example`.toLowerCase(),
      address: random.oneIn(5) ? undefined : { street: `${last}gatan ${random.between(1, 120)}`, city, country },
      since: date(random.between(0, 300)),
    })
  })
