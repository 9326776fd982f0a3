import { boolean, defineEntity, embed, float, int, json, list, objectId, text, timestamp } from 'crossfade'

/**
 * An invented type that has every kind, embeds two deep, lists in a column and in a child table. Its fields are strict:
 * what values of other kinds mean where they are not is told by `coercion.test.ts`.
 */
export const Vessel = defineEntity('Vessel', {
  mongo: 'vessels',
  postgres: 'vessels',
  id: objectId(),
  fields: {
    name: text().strict().required().index(),
    callSign: text({ nullIf: ['', 'n/a'] })
      .strict()
      .unique(),
    built: int({ intPrefix: true, nullIf: ['0000'] }).strict(),
    crew: int({ nullIf: ['', -1] }).strict(),
    draught: float({ nullIf: [''] }).strict(),
    active: boolean({ nullIf: [false] }).strict(),
    launched: timestamp(),
    owner: objectId().strict(),
    papers: json(),
    flags: list(text({ nullIf: [''] }).strict()),
    soundings: list(float().strict()),
    decks: list(int({ intPrefix: true }).strict()),
    ports: list(text().strict()).childTable('vessel_ports').index(),
    captain: text().strict().sensitive(),
    seen: timestamp().at('meta.lastSeen'),
    engine: embed({
      maker: text().strict(),
      power: int().strict(),
      fuel: embed({ kind: text().strict(), tons: float().strict(), tags: list(text().strict()) }),
    }),
  },
})

/** The ids by name, in id order. */
export const vesselNames = [
  'aurora',
  'bounty',
  'comet',
  'delta',
  'echo',
  'fulmar',
  'grebe',
  'heron',
  'ibis',
  'jackdaw',
  'kite',
  'lark',
  'merlin',
] as const

export type VesselName = (typeof vesselNames)[number]

export const vesselId = (name: VesselName): string =>
  `6500000000000000000000${String(vesselNames.indexOf(name) + 1).padStart(2, '0')}`

export const vesselName = (id: unknown): VesselName => vesselNames[Number(String(id).slice(-2)) - 1]!

export const owner = '5f00000000000000000000aa'
