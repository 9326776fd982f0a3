import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import type { Entity, Leaf, ObjectList, Scope } from './entity.ts'

/** The id seen as a leaf, so that translators treat it like any other field. */
export const idLeaf = onceFor((entity: Entity) =>
  Object.freeze<Leaf>({
    path: 'id',
    keys: ['id'],
    kind: entity.idKind,
    list: 'none',
    orOne: false,
    converter: {},
    strict: true,
    values: null,
    parts: entity.idParts,
    mongo: '_id',
    parents: [],
    column: 'id',
    childTable: null,
    required: true,
    sensitive: false,
    unique: { nulls: null },
    index: true,
    references: null,
    inJson: null,
    ofId: false,
    element: false,
  }),
)

/** The part of the id that a field shows. */
export const partShown = ({ mongo }: Leaf): string => mongo.slice('_id.'.length)

export const isEntity = (scope: Scope): scope is Entity => 'idKind' in scope

/** @throws CrossfadeError MISCONFIGURED where there is no such field. */
export function leafAt(scope: Scope, path: string): Leaf {
  const leaf = path === 'id' && isEntity(scope) ? idLeaf(scope) : (scope.leaves.get(path) ?? scope.jsonPaths.get(path))
  if (leaf) return leaf
  const shape = scope.embeds.has(path) ? 'an object' : scope.lists.has(path) ? 'a list of objects' : null
  if (shape) throw new CrossfadeError('MISCONFIGURED', `${scope.name}.${path} is ${shape} and no value by itself.`)
  const hint = didYouMean(path, [...scope.leaves.keys(), ...scope.jsonPaths.keys()])
  throw new CrossfadeError('MISCONFIGURED', `${scope.name} has no field "${path}".${hint}`)
}

/** @throws CrossfadeError MISCONFIGURED where there is no such list of objects. */
export function listAt(scope: Scope, path: string): ObjectList {
  const list = scope.lists.get(path)
  if (list) return list
  const hint = didYouMean(path, scope.lists.keys())
  throw new CrossfadeError('MISCONFIGURED', `${scope.name} has no list of objects "${path}".${hint}`)
}
