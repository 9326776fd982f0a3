import { type Document, document, objectId } from './json.ts'
import { spread, under } from './presence.ts'
import type { Random } from './random.ts'

const FAMILY = '5a90d4b2d3a1c0de'
const FIRST_ID = 1000

/** City, state, first digits of the zip code, longitude, latitude. */
const CITIES: readonly [string, string, string, number, number][] = [
  ['Portland', 'OR', '972', -122.67, 45.52],
  ['Boise', 'ID', '837', -116.2, 43.61],
  ['Cañon City', 'CO', '812', -105.24, 38.44],
  ['San José', 'CA', '951', -121.89, 37.34],
  ['Fresno', 'CA', '937', -119.79, 36.74],
  ['Duluth', 'MN', '558', -92.1, 46.79],
  ['Madison', 'WI', '537', -89.4, 43.07],
  ["Coeur d'Alene", 'ID', '838', -116.78, 47.68],
  ['Austin', 'TX', '787', -97.74, 30.27],
  ['Laredo', 'TX', '780', -99.5, 27.53],
  ['Mobile', 'AL', '366', -88.04, 30.69],
  ['Savannah', 'GA', '314', -81.1, 32.08],
  ['Albany', 'NY', '122', -73.76, 42.65],
  ['Bangor', 'ME', '044', -68.77, 44.8],
  ['Mayagüez', 'PR', '006', -67.14, 18.2],
  ['Honolulu', 'HI', '968', -157.86, 21.31],
  ['Adak', 'AK', '995', -176.65, 51.88],
]
const STREETS = [
  'Orchard Rd',
  'Old Mill Pkwy',
  'N 4th St',
  "St. Brannoc's Way",
  'Harbor Blvd',
  'Lantern Ave',
  'E Main St',
]

/** Theaters: three pairs share a theaterId, many have no street2, two no point, one no address. */
export function theaters(random: Random, count: number): Document[] {
  const numbers = random.shuffle(Array.from({ length: count }, (_, place) => FIRST_ID + place))
  for (const pair of [0, 1, 2]) numbers[count - 1 - pair] = numbers[pair]!

  const street2 = spread(random, count, { missing: 129, null: 24 })
  const address = spread(random, count, { null: 1 })
  const geo = spread(random, count, { missing: 2 })

  return numbers.map((theaterId, place) => {
    const [city, state, zip, longitude, latitude] = random.pick(CITIES)
    const suite = random.pick(['Ste', 'Unit', 'Bldg', '#'])
    const where = document({
      street1: `${random.between(1, 9999)} ${random.pick(STREETS)}`,
      street2: under(street2[place], `${suite} ${random.between(1, 400)}`),
      city,
      state,
      // Text, because of the zeros in front.
      zipcode: zip + String(random.between(1, 99)).padStart(2, '0'),
    })
    const coordinates = [near(random, longitude), near(random, latitude)]
    return {
      _id: objectId(FAMILY, place),
      theaterId,
      location: document({
        address: under(address[place], where),
        geo: under(geo[place], { type: 'Point', coordinates }),
      }),
    }
  })
}

/** Within 0.2 degrees, to six decimals. */
function near(random: Random, degrees: number): number {
  return (Math.round(degrees * 1e6) + random.between(-200_000, 200_000)) / 1e6
}
