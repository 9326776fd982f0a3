import { existsSync } from 'node:fs'
import { type DocumentNode, type GraphQLSchema, Kind, OperationTypeNode, validate } from 'graphql'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { isPlainObject, type Json } from '../../util/json.ts'
import { operationDocuments, rulesAcrossFiles, withFragments } from '../operation-documents.ts'
import { readText } from '../read-text.ts'

export type Variables = Readonly<Record<string, unknown>>

/** A query that clients are known to send. */
export interface KnownOperation {
  readonly name: string
  /** The operation with the fragments that it may use. */
  readonly document: DocumentNode
  /** What the team wrote down for its variables, a set for each way of asking; of one that is empty all are made. */
  readonly given: readonly Variables[]
}

const variablesFile = (file: string): string => file.replace(/\.(graphql|gql)$/, '.variables.json')

/** @throws MISCONFIGURED for a file of another form, which is shown by its name alone: its values may be personal. */
function givenIn(file: string): ReadonlyMap<string, readonly Variables[]> {
  if (!existsSync(file)) return new Map()
  const wrong = (why: string) =>
    new CrossfadeError('MISCONFIGURED', `${file}: ${why}. Give each operation's name its variables, or a list of them.`)
  let value: Json
  try {
    value = JSON.parse(readText(file))
  } catch (error) {
    throw error instanceof CrossfadeError ? error : wrong('it is no JSON')
  }
  if (!isPlainObject(value)) throw wrong('it is no object')
  return new Map(
    Object.entries(value).map(([name, given]) => {
      const sets = Array.isArray(given) ? given : [given]
      const variables: readonly Variables[] = sets.filter((set) => isPlainObject(set))
      if (sets.length === 0 || variables.length < sets.length) throw wrong(`${name} has no variables`)
      return [name, variables] as const
    }),
  )
}

/**
 * The queries in a folder of operations; mutations and subscriptions are left out. Beside `shop.graphql` may lie
 * `shop.variables.json`.
 *
 * @throws MISCONFIGURED for files that cannot be read, or do not fit the contract.
 */
export function knownOperations(schema: GraphQLSchema, folder: string): readonly KnownOperation[] {
  const { documents, problems } = operationDocuments(folder)
  if (problems.length > 0) throw new CrossfadeError('MISCONFIGURED', problems.join('\n'))
  return documents.flatMap((document) => {
    const file = document.loc!.source.name
    const whole = withFragments(document, documents)
    const [invalid] = validate(schema, whole, rulesAcrossFiles)
    if (invalid) {
      const text = `${file} does not fit the contract: ${messageOf(invalid)} \`crossfade contract check\` shows all of it.`
      throw new CrossfadeError('MISCONFIGURED', text)
    }
    const given = givenIn(variablesFile(file))
    const fragments = whole.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
    const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    const names = new Set(operations.map(({ name }) => name?.value))
    const stray = [...given.keys()].find((name) => !names.has(name))
    if (stray !== undefined)
      throw new CrossfadeError('MISCONFIGURED', `${variablesFile(file)}: there is no operation ${stray} in ${file}.`)
    return operations
      .filter(({ operation }) => operation === OperationTypeNode.QUERY)
      .map((operation) => ({
        name: operation.name?.value ?? `a query of ${file}`,
        document: { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] },
        given: given.get(operation.name?.value ?? '') ?? [{}],
      }))
  })
}
