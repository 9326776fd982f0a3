import { type Document, date, document, objectId } from './json.ts'
import { person } from './people.ts'
import { type Dirt, spread, under } from './presence.ts'
import type { Random } from './random.ts'
import { tomatoes } from './tomatoes.ts'
import { ODD_TITLES, plot, title } from './words.ts'

const FAMILY = '5d13b6a4d3a1c0de'
const DAY = 86_400_000
// The weights are repeats: about as common as in real catalogues.
const GENRES = (
  'Drama Drama Drama Drama Drama Romance Romance Comedy Comedy Musical Crime War Adventure Film-Noir Family Biography ' +
  'Thriller History Action Fantasy Western Animation Music Horror Mystery Documentary Short Sci-Fi Sport'
).split(' ')
const LANGUAGES = ['English', 'English', 'English', 'French', 'German', 'Türkçe', 'Italian', 'Español', 'Japanese']
const COUNTRIES = ['USA', 'USA', 'USA', 'UK', 'France', "Côte d'Ivoire", 'West Germany', 'Türkiye', 'Japan']
const RATINGS = ['APPROVED', 'APPROVED', 'APPROVED', 'PASSED', 'PG', 'G', 'TV-PG', 'Approved', 'PG-13', 'R']
const WRITER_NOTES = ['', '', ' (screenplay)', ' (story)', ' (play "The Grüne Tür")']

/** Of 400 movies. Where a list or text is dirty it is empty; a dirty year has a letter behind it. */
const DIRT = {
  plot: { missing: 20, null: 3, dirty: 2 },
  fullplot: { missing: 27 },
  genres: { missing: 1, dirty: 3 },
  runtime: { missing: 1, null: 2 },
  cast: { missing: 2, null: 1, dirty: 3 },
  writers: { missing: 8, null: 3, dirty: 3 },
  languages: { missing: 11, dirty: 2 },
  released: { missing: 12, null: 2 },
  rated: { missing: 134, null: 4 },
  poster: { missing: 65, null: 3 },
  metacritic: { missing: 390, null: 2 },
  year: { dirty: 4 },
  // As in the source, rating and votes are dirty together; null are ratings only.
  imdb: { null: 2, dirty: 4 },
  awards: { null: 1 },
  uncounted: { missing: 20 },
} satisfies Record<string, Dirt>

/** The id of the movie at a place; places from `count` on are ids of movies that are gone. */
export function movieId(place: number): Document {
  return objectId(FAMILY, place)
}

/** Movies, given how many comments each place has. */
export function movies(random: Random, count: number, commentCounts: readonly number[]): Document[] {
  const how = Object.fromEntries(Object.entries(DIRT).map(([field, dirt]) => [field, spread(random, count, dirt)]))
  const oddPlaces = random.sample([...Array(count).keys()], ODD_TITLES.length)
  const reviews = tomatoes(random, count)
  const many = (most: number) => Array.from({ length: random.between(1, most) }, () => person(random))

  return Array.from({ length: count }, (_, place) => {
    const of = (field: keyof typeof DIRT) => how[field]?.[place]
    const year = random.between(1903, 2015)
    const summary = plot(random)
    const comments = commentCounts[place] ?? 0
    return document({
      _id: movieId(place),
      plot: under(of('plot'), summary, ''),
      genres: under(of('genres'), random.sample([...new Set(random.sample(GENRES, 3))], random.between(1, 3)), []),
      runtime: under(of('runtime'), random.between(5, 240)),
      rated: under(of('rated'), random.pick(RATINGS)),
      cast: under(of('cast'), many(5), []),
      metacritic: under(of('metacritic'), random.between(20, 100)),
      // Missing is only ever nought: the count was first written with the first comment.
      num_mflix_comments: of('uncounted') === 'missing' && comments === 0 ? undefined : comments,
      poster: under(of('poster'), `https://posters.example/${place}.jpg`),
      title: ODD_TITLES[oddPlaces.indexOf(place)] ?? title(random),
      fullplot: under(of('fullplot'), `${summary} ${plot(random)} ${plot(random)}`),
      languages: under(of('languages'), [...new Set(random.sample(LANGUAGES, random.between(1, 2)))], []),
      released: under(of('released'), date(Date.UTC(year, 0, 1) + random.between(0, 500) * DAY)),
      directors: many(2),
      writers: under(
        of('writers'),
        many(4).map((name) => name + random.pick(WRITER_NOTES)),
        [],
      ),
      awards: under(of('awards'), awards(random)),
      lastupdated: `2015-0${random.between(7, 9)}-${random.between(10, 28)} 0${random.between(0, 9)}:27:59.177000000`,
      year: under(of('year'), year, `${year}è`),
      imdb: imdb(random, place, of('imdb')),
      countries: [...new Set(random.sample(COUNTRIES, random.between(1, 2)))],
      type: of('year') === 'dirty' ? 'series' : 'movie',
      tomatoes: reviews[place],
    })
  })
}

function imdb(random: Random, place: number, presence: 'value' | 'missing' | 'null' | 'dirty' | undefined): Document {
  const votes = random.between(5, 900) * random.pick([1, 10, 1000])
  return {
    rating: under(presence, random.between(10, 98) / 10, '') ?? null,
    votes: presence === 'dirty' ? '' : votes,
    id: 900_000 + place * 7,
  }
}

function awards(random: Random): Document {
  const wins = random.between(0, 6)
  const nominations = random.between(0, 9)
  const won = `${wins} win${wins === 1 ? '' : 's'}`
  return { wins, nominations, text: nominations === 0 ? `${won}.` : `${won} & ${nominations} nominations.` }
}
