import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'

/** What an operation holds, that of a fragment once for each spread. */
export interface Size {
  /** Fields inside of fields; those of `__schema` are not counted. */
  readonly depth: number
  readonly aliases: number
  readonly directives: number
}

const none: Size = { depth: 0, aliases: 0, directives: 0 }

/** The sizes of all operations of a document, in time by its length, however often its fragments are spread. */
export function documentSize({ definitions }: DocumentNode): ReadonlyMap<OperationDefinitionNode, Size> {
  const known = new Map<string, Size>()

  function fragment(name: string): Size {
    const size = known.get(name)
    if (size) return size
    known.set(name, none) // one that leads back to itself is refused by GraphQL's own rules
    const isIt = (each: DocumentNode['definitions'][number]): each is FragmentDefinitionNode =>
      each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name
    const definition = definitions.find(isIt)
    const found = definition ? sizeOf(definition) : none
    known.set(name, found)
    return found
  }

  function sizeOf(node: OperationDefinitionNode | FragmentDefinitionNode | SelectionNode): Size {
    const isField = node.kind === Kind.FIELD
    let depth = 0
    let aliases = isField && node.alias ? 1 : 0
    let directives = node.directives?.length ?? 0
    const below =
      node.kind === Kind.FRAGMENT_SPREAD ? [fragment(node.name.value)] : node.selectionSet?.selections.map(sizeOf)
    for (const inner of below ?? []) {
      depth = Math.max(depth, inner.depth)
      aliases += inner.aliases
      directives += inner.directives
    }
    if (isField) depth = node.name.value === '__schema' ? 0 : depth + 1
    if (node.kind === Kind.OPERATION_DEFINITION)
      for (const each of node.variableDefinitions ?? []) directives += each.directives?.length ?? 0
    return { depth, aliases, directives }
  }

  const operations = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION)
  return new Map(operations.map((each) => [each, sizeOf(each)]))
}
