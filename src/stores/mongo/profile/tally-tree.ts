import type { Document } from 'mongodb'
import type { Entity, Leaf, Node } from '../../../entity/entity.ts'
import { own } from '../../../util/json.ts'
import { objectOf } from '../codec/object-of.ts'
import { type Answer, type FieldProfile, FieldTally } from './field-tally.ts'
import type { Met } from './findings.ts'
import { ObjectTally } from './object-tally.ts'
import { allPaths, type PathsLeft, type UnmappedField, UnmappedTally } from './unmapped.ts'

/** What is told of the values of a leaf; null where nobody listens. */
export type Listener = (leaf: Leaf) => ((value: unknown, document: Met) => void) | null

interface Setting {
  readonly answer: Answer
  readonly listen: Listener
  readonly paths: PathsLeft
}

const join = (parent: string, child: string): string => (parent === '' ? child : `${parent}.${child}`)

/** What the mapping names below one object of the document, and what it does not. */
class Branch {
  readonly #mongo: string
  /** Path in the record of the object that it belongs to, and how it is reached from there in the document. */
  readonly #within: string
  readonly #steps: string
  readonly #setting: Setting
  readonly #fields = new Map<string, FieldTally[]>()
  readonly #lists = new Map<string, { readonly tally: ObjectTally; readonly objects: Branch }>()
  readonly #branches = new Map<string, Branch>()
  readonly #unmapped: UnmappedTally
  /** In the order of the mapping. */
  readonly #profiles: (() => readonly FieldProfile[])[] = []
  #object: ObjectTally | null = null

  constructor(mongo: string, within: string, steps: string, setting: Setting) {
    this.#mongo = mongo
    this.#within = within
    this.#steps = steps
    this.#setting = setting
    this.#unmapped = new UnmappedTally(setting.paths)
  }

  place(path: string, nodes: readonly Node[]): this {
    for (const node of nodes) this.#place(path, node, node.steps)
    return this
  }

  #place(path: string, node: Node, [step, ...deeper]: readonly string[]): void {
    const name = step!
    const at = join(path, node.key)
    if (deeper.length > 0) {
      const before = this.#branches.has(name)
      const branch = this.#branch(name, this.#within, join(this.#steps, name))
      branch.#place(path, node, deeper)
      if (!before) this.#profiles.push(() => branch.profiles())
    } else if (node.leaf) {
      const { answer, listen } = this.#setting
      const tally = new FieldTally(at, node.leaf, answer, listen(node.leaf))
      this.#fields.set(name, [...(this.#fields.get(name) ?? []), tally])
      this.#profiles.push(() => [tally.profile()])
    } else if (node.list) {
      const { required, sensitive } = node.list
      const tally = new ObjectTally({ path: at, required, isList: true, sensitive })
      const objects = new Branch(`${join(this.#mongo, name)}[]`, at, '', this.#setting).place(at, node.list.nodes)
      this.#lists.set(name, { tally, objects })
      this.#profiles.push(() => [tally.profile(), ...objects.profiles()])
    } else {
      const branch = this.#branch(name, at, '')
      branch.#object = new ObjectTally({ path: at, required: node.embed.required, isList: false, sensitive: false })
      this.#profiles.push(() => [branch.#object!.profile(), ...branch.profiles()])
      branch.place(at, node.nodes)
    }
  }

  #branch(name: string, within: string, steps: string): Branch {
    let branch = this.#branches.get(name)
    if (!branch) {
      branch = new Branch(join(this.#mongo, name), within, steps, this.#setting)
      this.#branches.set(name, branch)
    }
    return branch
  }

  /** @param value what stands here; undefined where nothing does. */
  add(value: unknown, present: boolean, document: Met): void {
    const object = objectOf(value)
    if (object) this.#object?.own(document)
    else this.#object?.other(value, present, document, 'is not an object')
    const has = (name: string): boolean => object !== undefined && Object.hasOwn(object, name)
    for (const [name, tallies] of this.#fields)
      for (const tally of tallies) tally.add(object && own(object, name), has(name), document)
    for (const [name, branch] of this.#branches) branch.add(object && own(object, name), has(name), document)
    for (const [name, { tally, objects }] of this.#lists) {
      const list = object && own(object, name)
      if (!Array.isArray(list)) {
        tally.other(list, has(name), document, 'is not a list')
        continue
      }
      tally.own(document, list.length)
      for (const element of list) {
        if (objectOf(element)) objects.add(element, true, document)
        else tally.stray(element, document, 'is not an object')
      }
    }
    for (const name in object) if (!this.#names(name)) this.#unmapped.add(name, object[name], document.number)
  }

  #names(name: string): boolean {
    // Parts of an id that no field shows are still in the id
    if (this.#mongo === '_id' || (this.#mongo === '' && (name === '_id' || name === '_cf'))) return true
    return this.#fields.has(name) || this.#branches.has(name) || this.#lists.has(name)
  }

  profiles(): FieldProfile[] {
    return this.#profiles.flatMap((profile) => profile())
  }

  unmapped(): UnmappedField[] {
    const inner = [...this.#branches.values(), ...[...this.#lists.values()].map(({ objects }) => objects)]
    const [within, steps] = [this.#within, this.#steps]
    const own = this.#unmapped.found(this.#mongo).map((each) => ({ ...each, within, at: join(steps, each.key) }))
    return [...own, ...inner.flatMap((branch) => branch.unmapped())]
  }
}

/** Counts what documents hold, field by field, and what the mapping does not name. */
export class TallyTree {
  readonly #root: Branch

  constructor(entity: Entity, answer: Answer, listen: Listener) {
    this.#root = new Branch('', '', '', { answer, listen, paths: allPaths() }).place('', entity.nodes)
  }

  /** @param document typed. */
  add(document: Document, met: Met): void {
    this.#root.add(document, true, met)
  }

  fields(): FieldProfile[] {
    return this.#root.profiles()
  }

  /** The most frequent first. */
  unmapped(): UnmappedField[] {
    return this.#root.unmapped().sort((a, b) => b.documents - a.documents)
  }
}
