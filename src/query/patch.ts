import type { Embed, EmbedNode, Entity, Node, ObjectList, Scope } from '../entity/entity.ts'
import type { Members } from '../entity/lists.ts'
import { membersOf, parseObjects } from '../entity/new-record.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Change, changeOf, isOperation, parseEnd, parsePlace, refuse } from './change.ts'
import type { ElementChange } from './change-where.ts'
import type { Where } from './where.ts'
import { writtenCondition } from './written-condition.ts'

/** What happens to one list of objects. What is taken out or changed is said by a condition on the members. */
export type ListChange =
  | { readonly op: 'set'; readonly list: ObjectList; readonly value: readonly Members[] | null }
  | { readonly op: 'append'; readonly list: ObjectList; readonly value: Members }
  | { readonly op: 'insert'; readonly list: ObjectList; readonly value: Members; readonly at: number }
  | { readonly op: 'pull'; readonly list: ObjectList; readonly where: Where }
  | { readonly op: 'pop'; readonly list: ObjectList; readonly which: 'first' | 'last' }
  | { readonly op: 'change'; readonly list: ObjectList; readonly where: Where; readonly patch: Patch }

/** A patch in normal form: at most one change a leaf or list, and which embedded objects it makes or removes. */
export interface Patch {
  readonly changes: readonly Change[]
  readonly lists: readonly ListChange[]
  /** Embedded objects by path: true where the change makes sure that it is there, false where it makes it null. */
  readonly presence: ReadonlyMap<string, boolean>
}

/** Whether a patch asks for nothing at all. */
export const isNothing = ({ changes, lists, presence }: Patch): boolean =>
  changes.length + lists.length + presence.size === 0

/** An element that is added is there behind it, and so is an amount, which a float alone may lose in rounding. */
function alwaysChanges({ op, leaf, ...change }: Change): boolean {
  if (op === 'append' || op === 'insert') return true
  return op === 'increment' && leaf.kind !== 'float' && 'by' in change && Number(change.by) !== 0
}

/**
 * Whether a record may be the same behind a patch as before: only then need a store look whether it is, see
 * `RecordWrites.patch`.
 */
export const mayLeaveAsItIs = ({ changes, lists }: Patch): boolean =>
  !changes.some(alwaysChanges) && !lists.some(({ op }) => op === 'append' || op === 'insert')

const pathsOf = ({ leaves, embeds, lists }: Scope): string[] => [...leaves.keys(), ...embeds.keys(), ...lists.keys()]

function listChangeOf(scope: Scope, list: ObjectList, value: unknown): ListChange {
  if (!isOperation(value)) return { op: 'set', list, value: parseObjects(list, value) }
  const { op, operand } = value
  const parsed = (element: unknown): Members => parseObjects(list, [element])![0]!
  switch (op) {
    case 'append':
      return { op, list, value: parsed(operand) }
    case 'insert': {
      const { value: element, at } = parsePlace(scope, list.path, operand)
      return { op, list, value: parsed(element), at }
    }
    case 'pull':
      return { op, list, where: writtenCondition(list, operand) }
    case 'pop':
      return { op, list, which: parseEnd(scope, list.path, operand) }
    case 'change': {
      const { where, changes } = operand as ElementChange // made by `changeWhere`
      const patch = planned(list, changes)
      if (isNothing(patch)) throw new CrossfadeError('BAD_USER_INPUT', `A patch of ${list.name} changes nothing.`)
      return { op, list, where: writtenCondition(list, where), patch }
    }
    default:
      return refuse(scope, list.path, `uses ${op} on a list of objects`)
  }
}

/** Collects what one patch changes. */
class Plan implements Patch {
  readonly changes: Change[] = []
  readonly lists: ListChange[] = []
  readonly presence = new Map<string, boolean>()
  readonly #scope: Scope
  readonly #touched = new Set<string>()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  apply(path: string, value: unknown): void {
    const node =
      nodeAt(this.#scope.nodes, path) ??
      refuse(this.#scope, path, 'names no field', didYouMean(path, pathsOf(this.#scope)))
    for (const outer of this.#scope.embeds.keys()) if (path.startsWith(`${outer}.`)) this.presence.set(outer, true)
    this.#change(node, value)
  }

  #change(node: Node, value: unknown): void {
    if (node.embed) {
      this.#changeEmbed(node, value ?? null)
      return
    }
    this.#touch((node.leaf ?? node.list).path)
    if (node.leaf) this.changes.push(changeOf(this.#scope, node.leaf, value))
    else this.lists.push(listChangeOf(this.#scope, node.list, value))
  }

  /** An embedded object is set whole: members that are left out become null. */
  #changeEmbed({ embed, nodes }: EmbedNode, value: unknown): void {
    const name = `${this.#scope.name}.${embed.path}`
    if (value === null) {
      if (embed.required) throw new CrossfadeError('BAD_USER_INPUT', `${name} must not be null.`)
      this.#removeEmbed(embed, nodes)
      return
    }
    const members = membersOf(name, nodes, value)
    this.presence.set(embed.path, true)
    for (const node of nodes) this.#change(node, members[node.key])
  }

  #removeEmbed(embed: Embed, nodes: readonly Node[]): void {
    this.presence.set(embed.path, false)
    for (const node of nodes) this.#remove(node)
  }

  /** Inside an object that is removed, a required member may be null. */
  #remove(node: Node): void {
    if (node.embed) {
      this.#removeEmbed(node.embed, node.nodes)
      return
    }
    this.#touch((node.leaf ?? node.list).path)
    if (node.leaf) this.changes.push({ op: 'set', leaf: node.leaf, value: null })
    else this.lists.push({ op: 'set', list: node.list, value: null })
  }

  #touch(path: string): void {
    if (this.#touched.has(path)) refuse(this.#scope, path, 'changes the field twice')
    this.#touched.add(path)
  }
}

/** The node at a record path; undefined where it names none, or leads into a list. */
function nodeAt(nodes: readonly Node[], path: string): Node | undefined {
  for (const node of nodes) {
    const own = (node.leaf ?? node.embed ?? node.list).path
    if (own === path) return node
    if (node.embed && path.startsWith(`${own}.`)) return nodeAt(node.nodes, path)
  }
  return undefined
}

function planned(scope: Scope, input: unknown): Patch {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new CrossfadeError('BAD_USER_INPUT', `A patch of ${scope.name} is an object of changes by path.`)
  const plan = new Plan(scope)
  for (const [path, value] of Object.entries(input)) if (value !== undefined) plan.apply(path, value)
  return plan
}

/**
 * Normalises what a mutation wrote: record paths (dotted for members) to values, null, or operations.
 *
 * @throws CrossfadeError BAD_USER_INPUT for a value that is not of its field's kind; MISCONFIGURED for an operation
 * that the field does not have.
 */
export const planPatch = (entity: Entity, input: Readonly<Record<string, unknown>>): Patch => planned(entity, input)
