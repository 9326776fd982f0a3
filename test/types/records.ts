import { load, type Narrow, type RecordOf, reading } from 'crossfade'
import { builder, context, info, Ship, ShipType, tx, Yard, YardType } from './app.ts'

/** Two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <T extends true>(): T | undefined => undefined

export function ids(ship: RecordOf<typeof Ship>, yard: RecordOf<typeof Yard>): void {
  is<Same<typeof ship.id, number>>()
  is<Same<typeof yard.id, string>>()
  // @ts-expect-error the id of an int() is a number
  is<Same<typeof ship.id, string>>()
  // @ts-expect-error and cannot be changed
  ship.id = 5
}

export function values(ship: RecordOf<typeof Ship>): void {
  is<Same<typeof ship.name, string>>()
  is<Same<typeof ship.flag, 'NL' | 'PA' | null>>()
  is<Same<typeof ship.miles, bigint | null>>()
  is<Same<typeof ship.cargo, string | null>>()
  ship.engine?.power?.toFixed()
  ship.holds?.[0]?.hatch?.width?.toFixed()
  // @ts-expect-error an object may be null
  ship.engine.power
  // @ts-expect-error records are shared
  ship.ports?.push('Hoorn')
  // @ts-expect-error there is no such field
  ship.capitan
}

export async function narrow(): Promise<void> {
  const ship = await load(context, info, Ship, 5)
  ship?.id.toFixed()
  // @ts-expect-error what the client selected is not the resolver's to know
  ship?.name
  const named = await load(context, info, Ship, 5, { reading: ['name', 'engine.power', 'holds.hatch'] })
  named?.name.trim()
  named?.engine?.power?.toFixed()
  named?.holds?.[0]?.hatch?.width?.toFixed()
  // @ts-expect-error not read
  named?.engine?.maker
  // @ts-expect-error not read
  named?.holds?.[0]?.label
  // @ts-expect-error no such path
  await load(context, info, Ship, 5, { reading: ['engine.powr'] })
}

builder.objectFields(ShipType, (t) => ({
  title: t.string(reading(Ship, ['name', 'flag'], ({ name, flag }) => `${name} (${flag})`)),
  // @ts-expect-error it reads what it does not name
  shout: t.string(reading(Ship, ['flag'], ({ name }) => name.toUpperCase())),
  // @ts-expect-error no such path
  strength: t.float(reading(Ship, ['engine.powr'], () => 1)),
  // @ts-expect-error a field of another entity
  founded: t.int(reading(Ship, ['founded'], () => 1)),
  // @ts-expect-error a resolver sees nothing that it does not name
  bare: t.string({ resolve: ({ name }) => name }),
  // @ts-expect-error a text is no Int
  crewed: t.int(reading(Ship, ['name'], ({ name }) => name)),
}))

builder.objectFields(YardType, (t) => ({
  // @ts-expect-error a ship is no yard
  of: t.int(reading(Ship, ['crew'], ({ crew }) => crew)),
}))

builder.queryFields((t) => ({
  flagship: t.field({
    type: ShipType,
    // @ts-expect-error a yard is no ship
    resolve: (): Promise<Narrow<typeof Yard> | null> => load(context, info, Yard, '5'),
  }),
}))

export async function written(): Promise<void> {
  const ship = await tx.of(Ship).get(5)
  ship?.engine?.maker?.trim()
  // @ts-expect-error a new record has its required fields
  await tx.of(Ship).create({ name: 'Batavia' })
  await tx.of(Ship).create({ name: 'Batavia', crew: 341, holds: [{ label: 'a' }] })
  // @ts-expect-error members as well
  await tx.of(Ship).create({ name: 'Batavia', crew: 341, holds: [{ tons: 1 }] })
  // @ts-expect-error no such field
  await tx.of(Ship).create({ name: 'Batavia', crew: 341, rig: 'full' })
  // @ts-expect-error not one of its values
  await tx.of(Ship).create({ name: 'Batavia', crew: 341, flag: 'XX' })
  // @ts-expect-error a number is no text
  await tx.of(Ship).create({ name: 1628, crew: 341 })
}
