import {
  everything,
  loadAggregate,
  loadBy,
  loadChildren,
  loadConnection,
  loadMerged,
  parseFilter,
  where,
} from 'crossfade'
import type { MongoSide } from '../../src/index.ts'
import { context, info, Ship, Yard } from './app.ts'

export function filters(): void {
  where(Ship, {
    name: { startsWith: 'B', insensitive: true },
    flag: { in: ['NL', null] },
    'engine.power': { gte: 1 },
    'papers.owner': { eq: 'VOC' },
    ports: { hasEvery: ['Hoorn'] },
    holds: { some: { 'hatch.width': { gt: 1 } } },
    or: [{ crew: { lt: 5 } }, { not: { id: { eq: 5 } } }],
  })
  // @ts-expect-error no such path
  where(Ship, { nmae: { eq: 'Batavia' } })
  // @ts-expect-error no such test
  where(Ship, { name: { like: 'B%' } })
  // @ts-expect-error a number has no parts
  where(Ship, { crew: { contains: '3' } })
  // @ts-expect-error of another kind
  where(Ship, { crew: { gt: '3' } })
  // @ts-expect-error not one of its values
  where(Ship, { flag: { eq: 'XX' } })
  // @ts-expect-error json is not compared whole
  where(Ship, { papers: { eq: {} } })
  // @ts-expect-error nothing can be asked there
  where(Ship, { 'papers.captain': { eq: 'Pelsaert' } })
  // @ts-expect-error no such member
  where(Ship, { holds: { some: { weight: { eq: 1 } } } })
  // @ts-expect-error nor deeper
  where(Ship, { or: [{ crw: { lt: 5 } }] })
  // @ts-expect-error no list of objects
  where(Ship, 'ports', {})
}

export function values({ value }: MongoSide): void {
  value(Ship, 'engine.power')
  value(Ship, 'ports')
  // @ts-expect-error no such path
  value(Ship, 'engine.powr')
}

export function names(): void {
  parseFilter(Ship, { name: true, power: 'engine.power', owner: 'papers.owner' }, {})
  parseFilter(Ship, { holds: { path: 'holds', members: { label: true } } }, {})
  // @ts-expect-error no such path
  parseFilter(Ship, { power: 'engine.powr' }, {})
  // @ts-expect-error no path has this name
  parseFilter(Ship, { power: true }, {})
  // @ts-expect-error no such member
  parseFilter(Ship, { holds: { path: 'holds', members: { weight: 'wieght' } } }, {})
}

export async function loads(): Promise<void> {
  await loadBy(context, info, Ship, 'name', 'Batavia')
  await loadChildren(context, info, Ship, 'yardId', '5', [{ path: 'built', direction: 'desc' }], {})
  await loadConnection(context, info, Ship, everything, [{ path: 'papers.size.length', direction: 'asc' }], {})
  // @ts-expect-error no such path
  await loadBy(context, info, Ship, 'nmae', 'Batavia')
  // @ts-expect-error of another kind
  await loadBy(context, info, Ship, 'crew', '341')
  // @ts-expect-error a list is no key
  await loadBy(context, info, Ship, 'ports', 'Hoorn')
  // @ts-expect-error no such path
  await loadChildren(context, info, Ship, 'yard', '5', [], {})
  // @ts-expect-error of another kind
  await loadChildren(context, info, Ship, 'yardId', 5, [], {})
  // @ts-expect-error no such order
  await loadConnection(context, info, Ship, everything, [{ path: 'bilt', direction: 'asc' }], {})
  // @ts-expect-error lists have no order
  await loadConnection(context, info, Ship, everything, [{ path: 'ports', direction: 'asc' }], {})
  // @ts-expect-error a condition on another entity
  await loadConnection(context, info, Yard, where(Ship, { crew: { gt: 5 } }), [], {})
  // @ts-expect-error of another entity
  await loadConnection(context, info, Yard, everything, [{ path: 'crew', direction: 'asc' }], {})
}

export async function aggregates(): Promise<void> {
  const [group] = await loadAggregate(context, info, Ship, {
    by: ['flag', 'engine.maker'],
    measures: { ships: { op: 'count' }, cargo: { op: 'sum', path: 'cargo' }, newest: { op: 'max', path: 'built' } },
    limit: 10,
  })
  const [flag, maker] = group!.by
  flag?.trim()
  maker?.trim()
  // @ts-expect-error there are two
  group!.by[2]
  group?.measures.ships.toFixed()
  group?.measures.cargo?.trim()
  group?.measures.newest?.getTime()
  // @ts-expect-error no such measure
  group?.measures.boats
  // @ts-expect-error a sum is a decimal, as text
  group?.measures.cargo?.toFixed()
  // @ts-expect-error no such path
  await loadAggregate(context, info, Ship, { by: ['flga'], measures: {}, limit: 1 })
  // @ts-expect-error lists make no groups
  await loadAggregate(context, info, Ship, { by: ['ports'], measures: {}, limit: 1 })
  // @ts-expect-error texts have no sum
  await loadAggregate(context, info, Ship, { by: [], measures: { a: { op: 'sum', path: 'name' } }, limit: 1 })
  // @ts-expect-error nor anything below json
  await loadAggregate(context, info, Ship, { by: [], measures: { a: { op: 'avg', path: 'papers.owner' } }, limit: 1 })
}

export async function merged(): Promise<void> {
  const large = { entity: Ship, where: where(Ship, { crew: { gt: 5 } }) }
  const found = await loadMerged(context, info, [large, Yard], [{ path: 'name', direction: 'asc' }], {})
  for (const record of await found.nodes()) record satisfies { readonly id: unknown }
  await loadMerged(context, info, [Ship, { entity: Yard, unscoped: true }], [], {})
  // @ts-expect-error a condition on ships
  await loadMerged(context, info, [{ entity: Yard, where: where(Ship, { crew: { gt: 5 } }) }, Ship], [], {})
  // @ts-expect-error no type
  await loadMerged(context, info, [Ship, 'Yard'], [], {})
}
