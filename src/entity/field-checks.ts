import { timestampForms } from '../codec/converter.ts'
import { inJson } from '../codec/in-json.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Field, type FieldSpec, type Fields, isBare } from './field.ts'

/** @throws MISCONFIGURED that names the field, what is wrong with it and what to do. */
export function refuse(entity: string, field: string, problem: string, remedy: string): never {
  throw new CrossfadeError('MISCONFIGURED', `${entity}.${field} ${problem}. ${remedy}`)
}

function checkPrototype(entity: string, path: string, steps: readonly string[]): void {
  if (steps.includes('__proto__'))
    refuse(
      entity,
      path,
      'has the name __proto__, which is no member of an object',
      'Map the value around it with json().',
    )
}

/** Steps of a document path that both stores and the drivers take for names. */
export function checkPath(entity: string, path: string, mongo: string, inElement: boolean): void {
  const steps = mongo.split('.')
  checkPrototype(entity, path, steps)
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

/** What an id is made of. */
export function checkParts(entity: string, path: string, { parts, flaw }: FieldSpec): void {
  if (flaw)
    refuse(entity, path, flaw, 'Name two or more, each text(), int(), long(), uuid(), objectId() or timestamp() alone.')
  for (const name of Object.keys(parts ?? {})) {
    if (name.includes('.')) refuse(entity, path, `has a part "${name}", with a dot in its name`, 'Map no such objects.')
    checkPath(entity, `${path}.${name}`, name, true)
  }
}

const isForm = (form: string): boolean => timestampForms.some((each) => each === form)

function checkField(entity: string, key: string, path: string, { spec }: Field<unknown>): void {
  checkPrototype(entity, path, [key])
  if (/[.$\0]/.test(key)) {
    refuse(
      entity,
      path,
      'has a name with a dot, $ or NUL',
      'Give it a plain name and say where it is stored with .at().',
    )
  }
  if (spec.kind === 'compositeId') checkParts(entity, path, spec)
  if (spec.flaw) refuse(entity, path, spec.flaw, spec.kind === 'enum' ? 'Name each once.' : 'Map it with json().')
  if (spec.childTable && spec.shape !== 'list' && spec.shape !== 'objects')
    refuse(entity, path, 'is not a list but asks for a child table', 'Remove .childTable().')
  if (spec.converter.intPrefix && spec.kind !== 'int')
    refuse(entity, path, 'has intPrefix but is not an int', 'Use int({ intPrefix: true }).')
  const { forms } = spec.converter
  if (forms && spec.kind !== 'timestamp')
    refuse(entity, path, 'has forms but is not a timestamp', `Use timestamp({ forms: ['text'] }).`)
  if (forms && (forms.length === 0 || new Set(forms).size < forms.length || !forms.every(isForm)))
    refuse(entity, path, `has other forms than ${timestampForms.join(', ')}, or one twice`, 'Name each once.')
  if (forms && forms.length > 1 && spec.strict)
    refuse(entity, path, 'is strict and names several forms', 'Name one form, or remove .strict().')
  const exact = spec.kind === 'decimal' || spec.kind === 'long'
  if (exact && spec.converter.nullIf?.some((each) => typeof each === 'number' && !Number.isSafeInteger(each)))
    refuse(entity, path, 'has a nullIf that is no whole number below 2^53', 'Use whole numbers.')
  if ((spec.unique || spec.references) && spec.shape !== 'scalar') {
    const shape = spec.shape === 'objects' ? 'list' : spec.shape
    refuse(entity, path, `is a ${shape} and cannot be unique or a reference`, 'Mark a scalar field.')
  }
  if (spec.index && spec.shape !== 'scalar' && (spec.shape !== 'list' || !spec.childTable))
    refuse(entity, path, 'has no one column that an index could be on', 'Mark a scalar, a member or a list in a table.')
  if (spec.unique && spec.kind === 'json') refuse(entity, path, 'is json and cannot be unique', 'Mark a scalar field.')
}

/** What can be asked for inside of a json value: plain scalars. */
function checkJsonPaths(entity: string, path: string, { spec: { paths, mongo } }: Field<unknown>): void {
  for (const [inner, { spec }] of Object.entries(paths ?? {})) {
    const whole = `${path}.${inner}`
    checkPath(entity, whole, `${mongo ?? path}.${inner}`, true)
    if (!(spec.kind && spec.kind in inJson) || spec.shape !== 'scalar' || !isBare(spec))
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
    refuse(entity, path, 'is inside a json column and cannot have an index', 'Give the list a .childTable().')
}

/** What each field says of itself; `outer` is the list of objects that it is a member of. */
export function checkFields(entity: string, fields: Fields, parent: string, outer: FieldSpec | null): void {
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
