import { type DocumentNode, getOperationAST, type OperationTypeNode } from 'graphql'

/** Characters of a name, which clients choose. */
const most = 80

/** What logs and spans tell of an operation. */
export interface ChosenOperation {
  readonly kind: OperationTypeNode
  readonly name: string | null
  /** `query Movies` */
  readonly title: string
}

/** The operation of a document that is asked for; null where there is none of the name. */
export function chosenOperation(document: DocumentNode, asked: string | null | undefined): ChosenOperation | null {
  const operation = getOperationAST(document, asked)
  if (!operation) return null
  const kind = operation.operation
  const name = operation.name?.value.slice(0, most) ?? null
  return { kind, name, title: name ? `${kind} ${name}` : kind }
}
