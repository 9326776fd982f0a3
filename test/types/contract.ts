import {
  children,
  connection,
  entityType,
  filterType,
  newInput,
  orderType,
  patchInput,
  record,
  reference,
} from 'crossfade/pothos'
import { builder, Ship, ShipType, tx, Yard, YardType } from './app.ts'

// @ts-expect-error no such path
entityType(builder, Ship, { omit: ['pasword'] })
// @ts-expect-error no such object
entityType(builder, Ship, { embeds: { motor: 'Engine' } })
// @ts-expect-error no object
entityType(builder, Ship, { embeds: { name: 'Name' } })
entityType(builder, Ship, { omit: ['holds.hatch', 'engine.maker'], embeds: { engine: 'Engine', holds: 'Hold' } })

const ShipFilter = filterType(builder, Ship, { name: true, power: 'engine.power', id: true, owner: 'papers.owner' })
// @ts-expect-error no such path
filterType(builder, Ship, { power: 'engine.powr' })
// @ts-expect-error no path has this name
filterType(builder, Ship, { nmae: true })
filterType(builder, Ship, { holds: { path: 'holds', members: { label: true, width: 'hatch.width' } } })
// @ts-expect-error no such member
filterType(builder, Ship, { holds: { path: 'holds', members: { labl: true } } })
// @ts-expect-error no such path of a member
filterType(builder, Ship, { holds: { path: 'holds', members: { width: 'hatch.widht' } } })
// @ts-expect-error json is not asked whole
filterType(builder, Ship, { papers: true })

const ShipOrder = orderType(builder, Ship, { NAME: 'name', POWER: 'engine.power' })
// @ts-expect-error no such path
orderType(builder, Ship, { NAME: 'nmae' })
// @ts-expect-error lists have no order
orderType(builder, Ship, { PORTS: 'ports' })
const YardOrder = orderType(builder, Yard, { FOUNDED: 'founded' })

builder.queryFields((t) => ({
  ship: record(t, Ship),
  shipByName: record(t, Ship, { by: 'name' }),
  // @ts-expect-error no such path
  shipByCaptain: record(t, Ship, { by: 'captain' }),
  ships: connection(t, Ship, { filter: ShipFilter, orderBy: ShipOrder, defaultOrder: { POWER: 'desc', NAME: 'asc' } }),
  // @ts-expect-error the contract has no such order
  strongest: connection(t, Ship, { orderBy: ShipOrder, defaultOrder: { POWR: 'desc' } }),
  // @ts-expect-error nor such a direction
  weakest: connection(t, Ship, { orderBy: ShipOrder, defaultOrder: { POWER: 'ASC' } }),
  // @ts-expect-error a filter of another entity
  named: connection(t, Yard, { filter: ShipFilter }),
  // @ts-expect-error an order of another entity
  oldest: connection(t, Ship, { orderBy: YardOrder }),
}))

builder.objectFields(YardType, (t) => ({
  ships: children(t, Ship, { by: 'yardId', order: { built: 'desc' } }),
  namesakes: children(t, Ship, { by: 'name', of: 'name' }),
  // @ts-expect-error no such path
  fleet: children(t, Ship, { by: 'yard' }),
  // @ts-expect-error an int is no ObjectId, which the parent's id is
  crews: children(t, Ship, { by: 'crew' }),
  peers: children(t, Ship, { by: 'crew', of: 'founded' }),
  // @ts-expect-error the parent has no such path
  others: children(t, Ship, { by: 'name', of: 'nmae' }),
  // @ts-expect-error nor of that kind
  twins: children(t, Ship, { by: 'name', of: 'founded' }),
  // @ts-expect-error no such order
  sorted: children(t, Ship, { by: 'yardId', order: { bilt: 'desc' } }),
}))

builder.objectFields(ShipType, (t) => ({
  // @ts-expect-error the id of a yard is no text
  wreck: reference(t, Yard, { of: 'name' }),
  yard: reference(t, Yard, { of: 'yardId' }),
  namesake: reference(t, Yard, { of: 'name', by: 'name' }),
  // @ts-expect-error the parent has no such path
  wharf: reference(t, Yard, { of: 'wharfId' }),
  // @ts-expect-error an int is no ObjectId
  dock: reference(t, Yard, { of: 'crew' }),
  // @ts-expect-error no such key
  place: reference(t, Yard, { of: 'name', by: 'place' }),
}))

const NewShip = newInput(builder, Ship, ['name', 'crew', 'flag', 'ports'], { name: 'NewShip', required: ['flag'] })
const ShipPatch = patchInput(builder, Ship, ['name', 'crew'], { name: 'ShipPatch' })
// @ts-expect-error no such field
newInput(builder, Ship, ['nmae'], { name: 'A' })
// @ts-expect-error not among the fields
newInput(builder, Ship, ['name'], { name: 'B', required: ['crew'] })
// @ts-expect-error no such field
patchInput(builder, Ship, ['crw'], { name: 'C' })

export async function inputs(input: typeof NewShip.$inferInput, patch: typeof ShipPatch.$inferInput): Promise<void> {
  await tx.of(Ship).create(input)
  await tx.of(Ship).patch(5, patch)
  input.flag.trim()
  // @ts-expect-error may be left out
  input.ports.length
}
