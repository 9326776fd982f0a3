import { Kind, type ValueNode } from 'graphql'
import { isPlainObject } from '../util/json.ts'

/** A filter, or one of its conditions, is read, turned into one of the store's, and looked at there. */
const perObject = 5

/** What a value of a variable weighs: each object 5, each list and what is neither 1. */
export function inputWeight(value: unknown): number {
  const open: unknown[] = [value] // no recursion: clients choose how deep it is nested
  let weight = 0
  while (open.length > 0) {
    const each = open.pop()
    const isObject = isPlainObject(each)
    weight += isObject ? perObject : 1
    if (isObject) for (const key in each) open.push(each[key])
    else if (Array.isArray(each)) for (const member of each) open.push(member)
  }
  return weight
}

/** What a value weighs that is written in the document. @param variable what the value of a variable in it weighs. */
export function literalWeight(node: ValueNode, variable: (name: string) => number): number {
  if (node.kind === Kind.VARIABLE) return variable(node.name.value)
  if (node.kind === Kind.LIST) return node.values.reduce((weight, each) => weight + literalWeight(each, variable), 1)
  if (node.kind === Kind.OBJECT)
    return node.fields.reduce((weight, { value }) => weight + literalWeight(value, variable), perObject)
  return 1
}
