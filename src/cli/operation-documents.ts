import { globSync } from 'node:fs'
import { join } from 'node:path'
import {
  type DocumentNode,
  Kind,
  LoneAnonymousOperationRule,
  NoUnusedFragmentsRule,
  parse,
  Source,
  specifiedRules,
  UniqueOperationNamesRule,
} from 'graphql'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { readText } from './read-text.ts'

/** Files of operations that clients send, in the order of their names, and what is wrong with those that are none. */
export function operationDocuments(folder: string): {
  readonly documents: readonly DocumentNode[]
  readonly problems: readonly string[]
} {
  const problems: string[] = []
  const documents = globSync('**/*.{graphql,gql}', { cwd: folder, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => {
      try {
        return [parse(new Source(readText(file), file))]
      } catch (error) {
        // One that cannot be read is told by name already
        problems.push(error instanceof CrossfadeError ? error.message : `${file}: ${messageOf(error)}`)
        return []
      }
    })
  return { documents, problems }
}

/** Files may use each other's fragments, and name operations alike. */
const across = new Set<unknown>([NoUnusedFragmentsRule, UniqueOperationNamesRule, LoneAnonymousOperationRule])
export const rulesAcrossFiles = specifiedRules.filter((rule) => !across.has(rule))

/** A document with the fragments of all files. */
export function withFragments(document: DocumentNode, documents: readonly DocumentNode[]): DocumentNode {
  const shared = documents
    .flatMap(({ definitions }) => definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION))
    .filter((fragment) => !document.definitions.includes(fragment))
  return { ...document, definitions: [...document.definitions, ...shared] }
}
