import { existsSync } from 'node:fs'
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  validate,
} from 'graphql'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { readJson } from '../json-file.ts'
import { operationDocuments, rulesAcrossFiles, withFragments } from '../operation-documents.ts'
import { type GivenVariables, givenVariables, type Variables } from './given-variables.ts'

/** A query that clients are known to send. */
export interface KnownOperation {
  readonly name: string
  /** The operation with the fragments that it may use. */
  readonly document: DocumentNode
  /** What the team wrote down for its variables, a set for each way of asking; of one that is empty all are made. */
  readonly given: readonly Variables[]
}

/** The operations that can be asked, and a line for each that cannot, or of which something does not fit. */
export interface KnownOperations {
  readonly operations: readonly KnownOperation[]
  readonly problems: readonly string[]
}

const nothingGiven: GivenVariables = { sets: new Map(), problems: [] }

/** What lies beside a file of operations; files are told by name alone, since their values may be personal. */
function givenBeside(
  file: string,
  operations: readonly OperationDefinitionNode[],
  schema: GraphQLSchema,
): GivenVariables {
  const beside = file.replace(/\.(graphql|gql)$/, '.variables.json')
  if (!existsSync(beside)) return nothingGiven
  try {
    const { sets, problems } = givenVariables(readJson(beside), operations, schema)
    return { sets, problems: problems.map((problem) => `${beside}: ${problem}`) }
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    return { ...nothingGiven, problems: [error.message] }
  }
}

/**
 * The queries in a folder of operations; mutations and subscriptions are left out. Beside `shop.graphql` may lie
 * `shop.variables.json`. What cannot be read, or does not fit the contract, keeps nothing else from being asked.
 */
export function knownOperations(schema: GraphQLSchema, folder: string): KnownOperations {
  const { documents, problems: unread } = operationDocuments(folder)
  const problems = [...unread]
  if (documents.length + unread.length === 0)
    problems.push(`There is no file of operations in ${folder}: none ends in .graphql or .gql.`)
  const fileOf = new Map<string, string>()
  const known = documents.flatMap((document): KnownOperation[] => {
    const file = document.loc!.source.name
    const whole = withFragments(document, documents)
    const [invalid] = validate(schema, whole, rulesAcrossFiles)
    if (invalid) {
      const all = '`crossfade contract check` shows all of it.'
      problems.push(`${file} does not fit the contract: ${messageOf(invalid)} ${all}`)
      return []
    }
    const fragments = whole.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
    const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    const given = givenBeside(file, operations, schema)
    problems.push(...given.problems)
    return operations.flatMap((operation): KnownOperation[] => {
      const name = operation.name?.value
      const other = name === undefined ? undefined : fileOf.get(name)
      if (name !== undefined && other !== undefined) {
        problems.push(`${name} is an operation of both ${other} and ${file}: that of ${other} was taken. Rename one.`)
        return []
      }
      if (name !== undefined) fileOf.set(name, file)
      if (operation.operation !== OperationTypeNode.QUERY) return []
      return [
        {
          name: name ?? `a query of ${file}`,
          document: { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] },
          given: given.sets.get(name ?? '') ?? [{}],
        },
      ]
    })
  })
  return { operations: known, problems }
}
