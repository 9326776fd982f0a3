import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql'
import { isPlainObject, type Json } from '../../util/json.ts'

export type Variables = Readonly<Record<string, unknown>>

/** What a team wrote down for the variables of its operations, and what is wrong with it: by name, never by value. */
export interface GivenVariables {
  /** By operation name the sets that fit, or what of them does; of an operation that is not named all are made. */
  readonly sets: ReadonlyMap<string, readonly Variables[]>
  readonly problems: readonly string[]
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (value === null) return 'null'
  const names = { string: 'a text', number: 'a number', boolean: 'true or false' } as const
  return names[typeof value as keyof typeof names] ?? 'an object'
}

/** Where a value does not fit its type; null where it does. */
function misfit(value: unknown, type: GraphQLInputType): string | null {
  let at: string | null = null
  const hear = (path: readonly (string | number)[]): void => {
    at ??= path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  }
  coerceInputValue(value, type, hear)
  return at
}

/**
 * Holds the variables of a file against the operations beside it.
 *
 * @param value what the file holds: by operation name one set of variables, or a list of sets.
 */
export function givenVariables(
  value: Json,
  operations: readonly OperationDefinitionNode[],
  schema: GraphQLSchema,
): GivenVariables {
  const sets = new Map<string, readonly Variables[]>()
  const problems: string[] = []

  /** What of a set fits. */
  function fitting(set: Variables, operation: OperationDefinitionNode, where: string): Variables {
    const declared = new Map(operation.variableDefinitions?.map((each) => [each.variable.name.value, each.type]))
    const fits = Object.entries(set).filter(([name, given]) => {
      const node = declared.get(name)
      const type = node && (typeFromAST(schema, node as never) as GraphQLInputType | undefined)
      if (!type) {
        const known = [...declared.keys()].map((each) => `$${each}`).join(', ') || 'none'
        problems.push(`${where}: there is no variable $${name}; there are: ${known}.`)
        return false
      }
      const at = misfit(given, type)
      if (at === null) return true
      const place = at === '' ? '' : `, at $${name}${at}`
      problems.push(`${where}: $${name} does not fit its type ${type}${place}.`)
      return false
    })
    return Object.fromEntries(fits)
  }

  if (!isPlainObject(value)) {
    const wanted = 'an object with the variables of each operation by its name'
    return { sets, problems: [`expected ${wanted}, found ${kindOf(value)}.`] }
  }
  for (const [name, given] of Object.entries(value as Record<string, Json>)) {
    const operation = operations.find((each) => each.name?.value === name)
    if (!operation) {
      problems.push(`there is no operation ${name} beside it.`)
      continue
    }
    const listed = Array.isArray(given) && given.length > 0 ? given : [given]
    const found = listed.flatMap((set, at) => {
      const where = listed.length > 1 ? `${name}, set ${at + 1} of ${listed.length}` : name
      if (isPlainObject(set)) return [fitting(set, operation, where)]
      problems.push(`${where}: expected an object of variables, or a list of such, found ${kindOf(set)}.`)
      return []
    })
    if (found.length > 0) sets.set(name, found)
  }
  return { sets, problems }
}
