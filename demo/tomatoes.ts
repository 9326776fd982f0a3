import { type Document, date, document, type Json } from './json.ts'
import { spread, under } from './presence.ts'
import type { Random } from './random.ts'

const DAY = 86_400_000
const STUDIOS = ['Pathfinder Frères', 'Lantern & Sons', 'Kestrel Pictures', 'Große Bühne Film', 'Studio İnci']

/** The `tomatoes` of each movie in order; undefined where missing. Critics saw about half of them. */
export function tomatoes(random: Random, count: number): (Json | undefined)[] {
  const whole = spread(random, count, { missing: 4, null: 2 })
  const critics = spread(random, count, { missing: 196 })
  const unscored = spread(random, count, { missing: 4 })
  const meter = spread(random, count, { missing: 28 })
  const dvd = spread(random, count, { missing: 119, null: 2, dirty: 2 })
  const production = spread(random, count, { missing: 139, null: 2 })
  const consensus = spread(random, count, { missing: 362, null: 2 })
  const website = spread(random, count, { missing: 386 })
  const boxOffice = spread(random, count, { missing: 394 })

  return whole.map((presence, place) => {
    const reviews = random.between(5, 80)
    const fresh = random.between(0, reviews)
    const critic = document({
      rating: under(unscored[place], random.between(30, 98) / 10),
      numReviews: reviews,
      meter: under(unscored[place], Math.round((100 * fresh) / reviews)),
    })
    const viewer = document({
      rating: random.between(0, 50) / 10,
      numReviews: random.between(0, 40_000),
      meter: under(meter[place], random.between(0, 100)),
    })
    const seen: Document = { fresh, critic, rotten: reviews - fresh }
    return under(presence, {
      ...document({
        website: under(website[place], 'http://films.example/?id=1&lang=fr'),
        viewer,
        // Released before discs existed: wrong, but so is the source.
        dvd: under(dvd[place], date(random.between(10_227, 16_500) * DAY), date(-random.between(1, 7_000) * DAY)),
        boxOffice: under(boxOffice[place], `$${random.between(1, 900) / 10}${random.pick(['k', 'M'])}`),
        consensus: under(consensus[place], "Uneven, but it's carried by a naïve charm."),
        production: under(production[place], random.pick(STUDIOS)),
        lastUpdated: date(random.between(1_420_070_400, 1_442_000_000) * 1000),
      }),
      ...(critics[place] === 'missing' ? {} : seen),
    })
  })
}
