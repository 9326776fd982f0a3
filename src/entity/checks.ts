import { CrossfadeError } from '../util/errors.ts'
import type { Entity } from './entity.ts'
import type { Field, Fields } from './field.ts'
import { impliedTables } from './implied-tables.ts'

const idKinds = new Set(['objectId', 'text', 'int'])
const ownColumns = ['id', 'rest', '_cf_epoch', '_cf_counter']
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

function checkPath(entity: string, path: string, mongo: string): void {
  const steps = mongo.split('.')
  if (steps.some((step) => step === '' || step.startsWith('$') || step.includes('\0') || /^\d+$/.test(step))) {
    refuse(
      entity,
      path,
      `has the Mongo path "${mongo}", with a step that is empty, a number or starts with $`,
      'Map the value around it with json() or list().',
    )
  }
  if (steps[0] === '_id' || steps[0]!.startsWith('_cf')) {
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
  if (spec.childTable && spec.shape !== 'list')
    refuse(entity, path, 'is not a list but asks for a child table', 'Remove .childTable().')
  if (spec.converter.intPrefix && spec.kind !== 'int')
    refuse(entity, path, 'has intPrefix but is not an int', 'Use int({ intPrefix: true }).')
  const exact = spec.kind === 'decimal' || spec.kind === 'long'
  if (exact && spec.converter.nullIf?.some((each) => typeof each === 'number' && !Number.isSafeInteger(each)))
    refuse(entity, path, 'has a nullIf that is no whole number below 2^53', 'Use whole numbers.')
  if ((spec.unique || spec.references) && spec.shape !== 'scalar') {
    refuse(entity, path, `is a ${spec.shape} and cannot be unique or a reference`, 'Mark a scalar field.')
  }
  if (spec.unique && spec.kind === 'json') refuse(entity, path, 'is json and cannot be unique', 'Mark a scalar field.')
}

function checkFields(entity: string, fields: Fields, parent: string): void {
  for (const [key, field] of Object.entries(fields)) {
    const path = parent === '' ? key : `${parent}.${key}`
    checkField(entity, key, path, field)
    if (path === 'id')
      refuse(entity, path, 'is the name of the id itself', 'Describe the id with `id:` and remove the field.')
    if (field.spec.fields) checkFields(entity, field.spec.fields, path)
  }
}

/** @throws CrossfadeError MISCONFIGURED where the mapping of one entity cannot work. */
export function checkEntity(entity: Entity): void {
  const { name } = entity
  if (!idKinds.has(entity.idKind)) refuse(name, 'id', 'is neither objectId(), text() nor int()', 'Choose one of them.')
  checkFields(name, entity.fields, '')
  checkIdentifier(name, 'id', entity.postgres)
  const columns = new Claims(name)
  const tables = new Claims(name)
  const paths = new Claims(name)
  const objects = new Claims(name)
  for (const column of ownColumns) columns.claim('column', column, 'Crossfade itself', '')
  tables.claim('table', entity.postgres, 'the entity', '')
  for (const embed of entity.embeds.values()) {
    checkPath(name, embed.path, embed.mongo)
    checkIdentifier(name, embed.path, embed.column)
    columns.claim('column', embed.column, embed.path, 'Name one of them with .column().')
    objects.claim('Mongo path', embed.mongo, embed.path, 'Map each path once.')
  }
  for (const leaf of entity.leaves.values()) {
    checkPath(name, leaf.path, leaf.mongo)
    checkIdentifier(name, leaf.path, leaf.column)
    columns.claim('column', leaf.column, leaf.path, 'Name one of them with .column().')
    paths.claim('Mongo path', leaf.mongo, leaf.path, 'Map each path once.')
    if (leaf.childTable) {
      checkIdentifier(name, leaf.path, leaf.childTable)
      tables.claim('table', leaf.childTable, leaf.path, 'Name another with .childTable().')
    }
  }
  for (const table of impliedTables(entity)) {
    for (const { name: index, path } of table.indexes) checkIdentifier(name, path, index)
  }
  for (const leaf of entity.leaves.values()) {
    for (const prefix of leaf.parents) {
      const owner = paths.has(prefix)
      if (owner)
        refuse(name, leaf.path, `is stored inside "${prefix}", which ${owner} holds whole`, 'Map one of the two.')
    }
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
    for (const leaf of entity.leaves.values()) {
      if (leaf.childTable) claim(`table ${leaf.childTable}`, entity.name)
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
