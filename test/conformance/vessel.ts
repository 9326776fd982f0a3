import { boolean, defineEntity, embed, float, int, json, list, objectId, text, timestamp } from 'crossfade'

/** An invented type that has every kind, embeds two deep, lists in a column and in a child table. */
export const Vessel = defineEntity('Vessel', {
  mongo: 'vessels',
  postgres: 'vessels',
  id: objectId(),
  fields: {
    name: text().required().index(),
    callSign: text({ nullIf: ['', 'n/a'] }).unique(),
    built: int({ intPrefix: true, nullIf: ['0000'] }),
    crew: int({ nullIf: ['', -1] }),
    draught: float({ nullIf: [''] }),
    active: boolean({ nullIf: [false] }),
    launched: timestamp(),
    owner: objectId(),
    papers: json(),
    flags: list(text({ nullIf: [''] })),
    soundings: list(float()),
    decks: list(int({ intPrefix: true })),
    ports: list(text()).childTable('vessel_ports').index(),
    captain: text().sensitive(),
    seen: timestamp().at('meta.lastSeen'),
    engine: embed({
      maker: text(),
      power: int(),
      fuel: embed({ kind: text(), tons: float(), tags: list(text()) }),
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
