import type { Random } from './random.ts'

// The family names are made up, so that nobody here is somebody.
const GIVEN = (
  'Orla Tamsin Bertil Zoë Łucja Edrun İpek Noémie Søren Brannoc Ysolde Kofi Wren Matteus Ngaire Ilse Çağla Faustin ' +
  'Perpetua Rúna Hollis Anneke Dimitra Oisín Saffi Tobiah Xanthe Ulrike Vashti Ruaridh Ǧamila Ottoline'
).split(' ')

const FAMILY = [
  ...(
    'Vellacourtney Brindlemoor Straußberger Quillfeather Ombrelune Kestrelby Þorngrund Marrowdale Ízarraga ' +
    'Fennimond Wolkenfuß Larkspurrow Tindervane Öxnadahl Crumbleholt Hazelwrack Żurawniak Pondermere ' +
    'Gallowstoke Nightingrove Saltmarchand Ivorsson-Bligh Umberlight Copperwhistle'
  ).split(' '),
  "O'Dunnevale",
  "D'Arvelline",
  'van der Tuinzicht',
  'de la Peñuela-Roz',
]

/** One invented person. */
export function person(random: Random): string {
  return `${random.pick(GIVEN)} ${random.pick(FAMILY)}`
}

/** Invented people with different names. */
export function people(random: Random, count: number): string[] {
  const everyone = GIVEN.flatMap((given) => FAMILY.map((family) => `${given} ${family}`))
  return random.sample(everyone, count)
}

/** An address made from a name; accents and apostrophes stay, as mail allows and real data has. */
export function emailOf(name: string, domain: string): string {
  return `${name.toLowerCase().replaceAll(' ', '_')}@${domain}`
}
