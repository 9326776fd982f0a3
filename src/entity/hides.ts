import { onceFor } from '../util/once-for.ts'
import type { Entity, Scope } from './entity.ts'

function sensitivePaths({ leaves, lists }: Scope): string[] {
  const own = [...leaves.values(), ...lists.values()].flatMap(({ mongo, sensitive }) => (sensitive ? [mongo] : []))
  const inner = [...lists.values()].flatMap((list) => sensitivePaths(list).map((path) => `${list.mongo}.${path}`))
  return [...own, ...inner]
}

const pathsOf = onceFor((entity: Entity) => sensitivePaths(entity))

/**
 * Whether what stands at a path of the document must not be shown: the path is of a field that the mapping marks, or
 * inside or around one. Numbers in it are places in lists.
 */
export function hides(entity: Entity, path: string): boolean {
  const plain = path
    .split('.')
    .filter((step) => !/^\d+$/.test(step))
    .join('.')
  return pathsOf(entity).some(
    (marked) => plain === marked || plain.startsWith(`${marked}.`) || marked.startsWith(`${plain}.`),
  )
}

/** Whether a whole document of the type may not be shown. */
export const hidesAny = (entity: Entity): boolean => pathsOf(entity).length > 0
