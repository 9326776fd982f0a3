import {
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  isAbstractType,
  isObjectType,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'

/**
 * Whether an operation of a document selects a field, as mismatches name it: `Query.movie`. One that is selected of an
 * interface is of all types behind it.
 *
 * @throws BAD_USER_INPUT for a field that the contract does not have.
 */
export function selects(
  schema: GraphQLSchema,
  field: string,
): (document: DocumentNode, name: string | null) => boolean {
  const objects = Object.values(schema.getTypeMap()).filter(isObjectType)
  const known = objects.flatMap((type) => Object.keys(type.getFields()).map((each) => `${type.name}.${each}`))
  if (!known.includes(field)) {
    const whole = known.find((each) => each.endsWith(`.${field}`))
    const hint = whole ? ` Did you mean "${whole}"?` : didYouMean(field, known)
    throw new CrossfadeError('BAD_USER_INPUT', `The contract has no field ${field}.${hint}`)
  }
  const [owner, own] = field.split('.')

  return (document, name) => {
    const info = new TypeInfo(schema)
    const operation = separateOperations(document)[getOperationAST(document, name)?.name?.value ?? '']
    let found = false
    if (operation)
      visit(
        operation,
        visitWithTypeInfo(info, {
          Field(node) {
            const parent = info.getParentType()
            if (!parent || node.name.value !== own) return
            const types = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent]
            found ||= types.some((type) => type.name === owner)
          },
        }),
      )
    return found
  }
}
