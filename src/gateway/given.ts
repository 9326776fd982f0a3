import type { OperationDefinitionNode, ValueNode } from 'graphql'
import { own } from '../util/json.ts'
import { inputWeight, literalWeight } from './input-weight.ts'

export type Variables = Readonly<Record<string, unknown>>

/** What stands for the variables of an operation in one request. */
export interface Given {
  /** All that the operation declares, in its order: GraphQL reads no others. */
  readonly names: readonly string[]
  /** What the client sent, as it came; undefined where it sent nothing. */
  readonly sent: (name: string) => unknown
  /** The literal that stands for a variable that was not sent. */
  readonly usual: (name: string) => ValueNode | undefined
  /** Worked out once for each variable, however often it is mentioned: clients choose both. */
  readonly weight: (name: string) => number
}

export function givenIn({ variableDefinitions = [] }: OperationDefinitionNode, variables: Variables): Given {
  const usuals = new Map(variableDefinitions.map((each) => [each.variable.name.value, each.defaultValue]))
  const sent: Given['sent'] = (name) => (usuals.has(name) ? own(variables, name) : undefined)
  const usual: Given['usual'] = (name) => usuals.get(name)
  const weights = new Map<string, number>()

  function weigh(name: string): number {
    const value = sent(name)
    if (value !== undefined) return inputWeight(value)
    const literal = usual(name)
    return literal ? literalWeight(literal, () => 1) : 1
  }
  function weight(name: string): number {
    let known = weights.get(name)
    if (known === undefined) weights.set(name, (known = weigh(name)))
    return known
  }
  return { names: [...usuals.keys()], sent, usual, weight }
}
