import type { Embed, EmbedNode, Entity, Leaf, Node, ObjectList } from '../entity/entity.ts'
import type { Members } from '../entity/lists.ts'
import { checkFixed, membersOf, parseElement, parseLeaf, parseObjects } from '../entity/new-record.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Arithmetic, Operation } from './operations.ts'
import type { Where } from './where.ts'
import { writtenCondition } from './written-condition.ts'

/** What happens to one leaf. All changes of a patch see the record as it was before, and happen at once. */
export type Change =
  | { readonly op: 'set'; readonly leaf: Leaf; readonly value: unknown }
  | { readonly op: 'increment'; readonly leaf: Leaf; readonly by: number | bigint | string }
  | { readonly op: 'append' | 'addToSet' | 'pull'; readonly leaf: Leaf; readonly value: unknown }
  | { readonly op: 'compute'; readonly leaf: Leaf; readonly value: Arithmetic }

/** What happens to one list of objects. What is taken out is said by a condition on the members. */
export type ListChange =
  | { readonly op: 'set'; readonly list: ObjectList; readonly value: readonly Members[] | null }
  | { readonly op: 'append'; readonly list: ObjectList; readonly value: Members }
  | { readonly op: 'pull'; readonly list: ObjectList; readonly where: Where }

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

const refuse = (entity: Entity, path: string, why: string, hint = ''): never => {
  throw new CrossfadeError('MISCONFIGURED', `A patch of ${entity.name}.${path} ${why}.${hint}`)
}

const pathsOf = ({ leaves, embeds, lists }: Entity): string[] => [...leaves.keys(), ...embeds.keys(), ...lists.keys()]

/** Arithmetic is that of doubles, in which longs and decimals would lose digits. */
const numeric: Record<'increment' | 'compute', ReadonlySet<string>> = {
  increment: new Set(['int', 'float', 'long', 'decimal']),
  compute: new Set(['int', 'float']),
}

const isOperation = (value: unknown): value is Operation => value instanceof Operation

function changeOf(entity: Entity, leaf: Leaf, value: unknown): Change {
  if (!isOperation(value)) {
    const parsed = parseLeaf(entity, leaf, value ?? null)
    checkFixed(entity, leaf.path, parsed)
    return { op: 'set', leaf, value: parsed }
  }
  if (entity.fixed.has(leaf.path)) refuse(entity, leaf.path, 'changes what it is in all records')
  const { op, operand } = value
  if (op === 'increment' || op === 'compute') {
    if (leaf.list !== 'none' || !numeric[op].has(leaf.kind)) refuse(entity, leaf.path, `uses ${op} on a ${leaf.kind}`)
    // What an operation holds is typed where it is made, see `PatchOf`
    if (op === 'compute') return { op, leaf, value: operand as Arithmetic }
    // An amount is no stored value: -1 may mean null in the field and is still a step of one
    return {
      op,
      leaf,
      by: parseLeaf(entity, { ...leaf, required: true, converter: {} }, operand) as number | bigint | string,
    }
  }
  if (leaf.list === 'none') refuse(entity, leaf.path, `uses ${op} on a value that is no list`)
  return { op, leaf, value: parseElement(entity, leaf, operand) }
}

function listChangeOf(entity: Entity, list: ObjectList, value: unknown): ListChange {
  if (!isOperation(value)) return { op: 'set', list, value: parseObjects(list, value) }
  const { op, operand } = value
  if (op === 'append') return { op, list, value: parseObjects(list, [operand])![0]! }
  if (op !== 'pull') return refuse(entity, list.path, `uses ${op} on a list of objects`)
  return { op, list, where: writtenCondition(list, operand) }
}

/** Collects what one patch changes. */
class Plan implements Patch {
  readonly changes: Change[] = []
  readonly lists: ListChange[] = []
  readonly presence = new Map<string, boolean>()
  readonly #entity: Entity
  readonly #touched = new Set<string>()

  constructor(entity: Entity) {
    this.#entity = entity
  }

  apply(path: string, value: unknown): void {
    const node =
      nodeAt(this.#entity.nodes, path) ??
      refuse(this.#entity, path, 'names no field', didYouMean(path, pathsOf(this.#entity)))
    for (const outer of this.#entity.embeds.keys()) if (path.startsWith(`${outer}.`)) this.presence.set(outer, true)
    this.#change(node, value)
  }

  #change(node: Node, value: unknown): void {
    if (node.embed) {
      this.#changeEmbed(node, value ?? null)
      return
    }
    this.#touch((node.leaf ?? node.list).path)
    if (node.leaf) this.changes.push(changeOf(this.#entity, node.leaf, value))
    else this.lists.push(listChangeOf(this.#entity, node.list, value))
  }

  /** An embedded object is set whole: members that are left out become null. */
  #changeEmbed({ embed, nodes }: EmbedNode, value: unknown): void {
    const name = `${this.#entity.name}.${embed.path}`
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
    if (this.#touched.has(path)) refuse(this.#entity, path, 'changes the field twice')
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

/**
 * Normalises what a mutation wrote: record paths (dotted for members) to values, null, or operations.
 *
 * @throws CrossfadeError BAD_USER_INPUT for a value that is not of its field's kind; MISCONFIGURED for an operation
 * that the field does not have.
 */
export function planPatch(entity: Entity, input: Readonly<Record<string, unknown>>): Patch {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new CrossfadeError('BAD_USER_INPUT', `A patch of ${entity.name} is an object of changes by path.`)
  const plan = new Plan(entity)
  for (const [path, value] of Object.entries(input)) if (value !== undefined) plan.apply(path, value)
  return plan
}
