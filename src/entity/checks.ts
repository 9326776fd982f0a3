import { CrossfadeError } from '../util/errors.ts'
import type { Entity, Scope } from './entity.ts'
import { type Field, type FieldSpec, type Fields, isBare } from './field.ts'
import { impliedTables } from './implied-tables.ts'

const idKinds = new Set(['objectId', 'text', 'int'])
const ownColumns = { record: ['id', 'rest', '_cf_epoch', '_cf_counter'], element: ['parent_id', 'position', 'rest'] }
const maxIdentifier = 63 // bytes; Postgres cuts longer names silently (NAMEDATALEN − 1)

function refuse(entity: string, field: string, problem: string, remedy: string): never {
  throw new CrossfadeError('MISCONFIGURED', `${entity}.${field} ${problem}. ${remedy}`)
}

function checkIdentifier(entity: string, field: string, name: string): void {
  if (Buffer.byteLength(name) > maxIdentifier) {
    refuse(entity, field, `needs the Postgres name "${name}", which is longer than 63 bytes`, 'Name it with .column().')
  }
  if (name === '' || name.includes('\0'))
    refuse(entity, field, 'has an empty or unusable Postgres name', 'Name it with .column().')
}

/** One name, one owner: columns, and document paths of which none may lie inside another. */
class Claims {
  readonly #entity: string
  readonly #owners = new Map<string, string>()

  constructor(entity: string) {
    this.#entity = entity
  }

  claim(what: string, name: string, field: string, remedy: string): void {
    const owner = this.#owners.get(name)
    if (owner !== undefined) refuse(this.#entity, field, `uses the ${what} "${name}" of ${owner}`, remedy)
    this.#owners.set(name, field)
  }

  has(name: string): string | undefined {
    return this.#owners.get(name)
  }
}

function checkPath(entity: string, path: string, mongo: string, inElement: boolean): void {
  const steps = mongo.split('.')
  if (steps.some((step) => step === '' || step.startsWith('$') || step.includes('\0') || /^\d+$/.test(step))) {
    refuse(
      entity,
      path,
      `has the Mongo path "${mongo}", with a step that is empty, a number or starts with $`,
      'Map the value around it with json() or list().',
    )
  }
  if (!inElement && (steps[0] === '_id' || steps[0]!.startsWith('_cf'))) {
    refuse(
      entity,
      path,
      `has the Mongo path "${mongo}", which Crossfade owns`,
      'The id is mapped by `id`; choose another path with .at().',
    )
  }
}

function checkField(entity: string, key: string, path: string, { spec }: Field<unknown>): void {
  if (/[.$\0]/.test(key)) {
    refuse(
      entity,
      path,
      'has a name with a dot, $ or NUL',
      'Give it a plain name and say where it is stored with .at().',
    )
  }
  if (spec.flaw) refuse(entity, path, spec.flaw, spec.kind === 'enum' ? 'Name each once.' : 'Map it with json().')
  if (spec.childTable && spec.shape !== 'list' && spec.shape !== 'objects')
    refuse(entity, path, 'is not a list but asks for a child table', 'Remove .childTable().')
  if (spec.converter.intPrefix && spec.kind !== 'int')
    refuse(entity, path, 'has intPrefix but is not an int', 'Use int({ intPrefix: true }).')
  const exact = spec.kind === 'decimal' || spec.kind === 'long'
  if (exact && spec.converter.nullIf?.some((each) => typeof each === 'number' && !Number.isSafeInteger(each)))
    refuse(entity, path, 'has a nullIf that is no whole number below 2^53', 'Use whole numbers.')
  if ((spec.unique || spec.references) && spec.shape !== 'scalar') {
    const shape = spec.shape === 'objects' ? 'list' : spec.shape
    refuse(entity, path, `is a ${shape} and cannot be unique or a reference`, 'Mark a scalar field.')
  }
  if (spec.unique && spec.kind === 'json') refuse(entity, path, 'is json and cannot be unique', 'Mark a scalar field.')
}

const inJson = new Set(['text', 'int', 'float', 'boolean'])

/** What can be asked for inside of a json value: plain scalars. */
function checkJsonPaths(entity: string, path: string, { spec: { paths, mongo } }: Field<unknown>): void {
  for (const [inner, { spec }] of Object.entries(paths ?? {})) {
    const whole = `${path}.${inner}`
    checkPath(entity, whole, `${mongo ?? path}.${inner}`, true)
    if (!inJson.has(spec.kind ?? '') || spec.shape !== 'scalar' || !isBare(spec))
      refuse(entity, whole, 'is inside json and no plain text(), int(), float() or boolean()', 'Use one of them alone.')
  }
}

/** What a member of an object in a list cannot be; `outer` is the list. */
function checkElement(entity: string, path: string, { spec }: Field<unknown>, outer: FieldSpec): void {
  if (spec.shape === 'objects' || spec.childTable)
    refuse(entity, path, 'is a list with rows of its own inside another', 'Map it with json() or a list in a column.')
  if (spec.unique || spec.references)
    refuse(entity, path, 'is inside a list and cannot be unique or a reference', 'Mark a field outside of lists.')
  if (spec.index && !outer.childTable)
    refuse(entity, path, 'is inside a jsonb column and cannot have an index', 'Give the list a .childTable().')
}

function checkFields(entity: string, fields: Fields, parent: string, outer: FieldSpec | null): void {
  for (const [key, field] of Object.entries(fields)) {
    const path = parent === '' ? key : `${parent}.${key}`
    checkField(entity, key, path, field)
    if (outer) checkElement(entity, path, field, outer)
    checkJsonPaths(entity, path, field)
    if (path === 'id')
      refuse(entity, path, 'is the name of the id itself', 'Describe the id with `id:` and remove the field.')
    const { spec } = field
    if (spec.fields) checkFields(entity, spec.fields, path, spec.shape === 'objects' ? spec : outer)
  }
}

/** Columns and document paths of one scope; `prefix` leads to it from the entity. */
function checkScope(entity: string, scope: Scope, inElement: boolean, prefix: string): void {
  const columns = new Claims(entity)
  const paths = new Claims(entity)
  const objects = new Claims(entity)
  for (const column of ownColumns[inElement ? 'element' : 'record'])
    columns.claim('column', column, 'Crossfade itself', '')
  const claim = (of: Claims, { path, mongo, column }: { path: string; mongo: string; column: string }): void => {
    checkPath(entity, prefix + path, mongo, inElement)
    checkIdentifier(entity, prefix + path, column)
    columns.claim('column', column, prefix + path, 'Name one of them with .column().')
    of.claim('Mongo path', mongo, prefix + path, 'Map each path once.')
  }
  for (const embed of scope.embeds.values()) claim(objects, embed)
  const whole = [...scope.leaves.values(), ...scope.lists.values()]
  for (const each of whole) claim(paths, each)
  for (const { path, parents } of whole) {
    const inside = parents.find((parent) => paths.has(parent))
    if (!inside) continue
    const problem = `is stored inside "${inside}", which ${paths.has(inside)} holds whole`
    refuse(entity, prefix + path, problem, 'Map one of the two.')
  }
  for (const list of scope.lists.values()) checkScope(entity, list, true, `${prefix}${list.path}.`)
}

/** @throws CrossfadeError MISCONFIGURED where the mapping of one entity cannot work. */
export function checkEntity(entity: Entity): void {
  const { name } = entity
  if (!idKinds.has(entity.idKind)) refuse(name, 'id', 'is neither objectId(), text() nor int()', 'Choose one of them.')
  checkFields(name, entity.fields, '', null)
  checkIdentifier(name, 'id', entity.postgres)
  checkScope(name, entity, false, '')
  const tables = new Claims(name)
  tables.claim('table', entity.postgres, 'the entity', '')
  for (const { path, childTable } of [...entity.leaves.values(), ...entity.lists.values()]) {
    if (!childTable) continue
    checkIdentifier(name, path, childTable)
    tables.claim('table', childTable, path, 'Name another with .childTable().')
  }
  for (const table of impliedTables(entity)) {
    for (const { name: index, path } of table.indexes) checkIdentifier(name, path, index)
  }
}

/** @throws CrossfadeError MISCONFIGURED where entities cannot live side by side. */
export function checkEntities(entities: readonly Entity[]): void {
  const names = new Set(entities.map((entity) => entity.name))
  const owners = new Map<string, string>()
  const claim = (key: string, entity: string): void => {
    const owner = owners.get(key)
    if (owner) refuse(entity, 'entity', `uses the ${key} of ${owner}`, 'Each entity needs its own.')
    owners.set(key, entity)
  }
  for (const entity of entities) {
    claim(`name ${entity.name}`, entity.name)
    claim(`collection ${entity.mongo}`, entity.name)
    claim(`table ${entity.postgres}`, entity.name)
    for (const { childTable } of [...entity.leaves.values(), ...entity.lists.values()]) {
      if (childTable) claim(`table ${childTable}`, entity.name)
    }
    for (const leaf of entity.leaves.values()) {
      if (leaf.references && !names.has(leaf.references)) {
        refuse(
          entity.name,
          leaf.path,
          `references ${leaf.references}, which is no entity`,
          'Load it in schema/index.ts.',
        )
      }
    }
  }
}
