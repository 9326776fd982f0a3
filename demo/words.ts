import type { Random } from './random.ts'

const ADJECTIVES = (
  'Silent Crooked Borrowed Golden Paper Seventh Wandering Forgotten Velvet Hollow Reluctant Midnight Salted Broken ' +
  'Distant Patient Electric Burning Frozen Little'
).split(' ')
const NOUNS = (
  'Harbor Orchard Lantern Verdict Carousel Widow Bridge Cartographer Ferry Parade Clockmaker Island Winter Stranger ' +
  'Telegram Garden Circus Lighthouse Promise Waltz Railway Canyon Masquerade River'
).split(' ')
const PLACES = ['Älvsborg', 'Vienna', 'São Bento', 'the Valley', 'Łódź', 'Coney Point', 'Marseille', 'Oban', 'Malmö']

/**
 * Titles that have caught stores out: case folding (ß, İ, final sigma), composed against decomposed accents, order
 * beyond the basic plane (fullwidth letters against emoji), LIKE and regex metacharacters, quotes, and remakes.
 */
export const ODD_TITLES: readonly string[] = [
  'Große Straße, kleine Träume',
  'İstanbul Işıkları',
  'ΟΔΥΣΣΕΥΣ ΚΑΙ ΣΙΩΠΗ',
  'Café Noir',
  'Cafe\u0301 Noir',
  'ＷＩＤＥ Screen',
  '🎬 Take Two 🎬',
  'Naïve 👩‍🚀 Orbit',
  '100% Wool',
  'snake_case',
  'C:\\Reels\\Lost (Part 1?)',
  "L'Éclair d'Avril",
  'The "Quoted" Affair',
  'the lowercase hour',
  'Åben Ærø Øst',
  '夜の駅',
  'The Remake',
  'The Remake',
  'The Remake',
]

const WHO = ['A retired cartographer', 'A young widow', 'A nervous tenor', 'An honest thief', 'A ferryman’s daughter']
const DOES = ['must choose between', 'sets out to find', 'is accused of hiding', 'inherits', "can't forget", 'sells']
const WHAT = ['a railway nobody uses', 'the last lighthouse', 'two families’ secrets', 'a crate of naïve paintings']
const WHEN = ['before the frost comes', 'on the eve of a strike', 'in a town that fears strangers', 'all for love']
const OPINIONS = [
  'I laughed at the wrong moments, and then at the right ones.',
  'The score carries it.',
  'Ça alors, quelle fin !',
  'Too long by a reel.',
  "Couldn't look away 🍿🍿",
  'Meine Großmutter weiß, wie es ausgeht.',
  'Worth it for the harbor scene alone\u2014twice.',
  '10/10, 100% would watch again_and_again',
  'My cat\\dog slept through it 😴',
  'Harika bir film, İzmir sahnesi nefisti.',
  'Second half drags.\nThird half redeems it.',
  'The subtitles said "???" throughout.',
]

/** An ordinary title. */
export function title(random: Random): string {
  const noun = random.pick(NOUNS)
  const forms = [
    () => `The ${random.pick(ADJECTIVES)} ${noun}`,
    () => `${noun} of ${random.pick(PLACES)}`,
    () => `${random.pick(ADJECTIVES)} ${noun}s`,
    () => `${noun} & ${random.pick(NOUNS)}`,
    () => `A ${noun} in ${random.pick(PLACES)}`,
  ]
  return random.pick(forms)()
}

/** One sentence of plot. */
export function plot(random: Random): string {
  return `${random.pick(WHO)} ${random.pick(DOES)} ${random.pick(WHAT)} ${random.pick(WHEN)}.`
}

/** What somebody thought of a film: one to three sentences. */
export function opinion(random: Random): string {
  return random.sample(OPINIONS, random.between(1, 3)).join(' ')
}
