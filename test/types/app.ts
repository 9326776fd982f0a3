import {
  decimal,
  defineEntity,
  embed,
  enumeration,
  float,
  int,
  json,
  list,
  long,
  objectId,
  text,
  timestamp,
} from 'crossfade'
import { createBuilder, entityType } from 'crossfade/pothos'
import type { GraphQLResolveInfo } from 'graphql'
import type { GatewayContext, Transaction } from '../../src/index.ts'

/** A mapping with every shape; the files beside this one hold lines that must not compile, which `tsc` checks. */
export const Ship = defineEntity('Ship', {
  mongo: 'ships',
  postgres: 'ships',
  id: int(),
  fields: {
    name: text().required(),
    flag: enumeration(['NL', 'PA']),
    crew: int().required(),
    cargo: decimal(),
    miles: long(),
    built: timestamp(),
    engine: embed({ power: float(), maker: text() }),
    ports: list(text()),
    holds: list(embed({ label: text().required(), tons: int(), hatch: embed({ width: float() }) })),
    papers: json({ owner: text(), 'size.length': int() }),
    yardId: objectId().references('Yard'),
  },
})

export const Yard = defineEntity('Yard', {
  mongo: 'yards',
  postgres: 'yards',
  id: objectId(),
  fields: { name: text().required(), founded: int() },
})

export const builder = createBuilder()
export const ShipType = entityType(builder, Ship, {
  embeds: { engine: 'Engine', holds: 'Hold', 'holds.hatch': 'Hatch' },
})
export const YardType = entityType(builder, Yard)

// None of it runs
export declare const context: GatewayContext
export declare const info: GraphQLResolveInfo
export declare const tx: Transaction
