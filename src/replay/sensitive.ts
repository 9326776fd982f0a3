import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
} from 'graphql'
import { clearSizeNames, offsetNames, pageNames } from '../query/page-names.ts'

declare module 'graphql' {
  interface GraphQLArgumentExtensions {
    /** Whether values given here are of a field that the mapping marks sensitive; left out where nothing tells. */
    readonly sensitive?: boolean
  }
  interface GraphQLInputFieldExtensions {
    /** Likewise, with everything inside. */
    readonly sensitive?: boolean
  }
}

/** Where a value is given in an operation. */
export interface Place {
  readonly type: GraphQLInputType
  /** Undefined where no mapping says what the value is of: an argument of a field that was written by hand. */
  readonly sensitive: boolean | undefined
}

/** Whether a number says which page is asked for, and tells of nobody. */
const isOfPage = ({ name, type }: GraphQLArgument): boolean =>
  getNullableType(type).toString() === 'Int' &&
  [clearSizeNames, offsetNames, pageNames].some((names) => names.has(name))

export function placeOf(argument: GraphQLArgument): Place {
  const { type, extensions } = argument
  return { type, sensitive: extensions.sensitive ?? (isOfPage(argument) ? false : undefined) }
}

/** A list's members, and a value that stands for a list of one. */
export function memberOf({ type, sensitive }: Place): Place {
  const nullable = getNullableType(type)
  return { type: isListType(nullable) ? nullable.ofType : nullable, sensitive }
}

/** What is inside of something sensitive is so, whatever it says itself. */
const inside = (place: Place, { type, extensions }: GraphQLInputField): Place => ({
  type,
  sensitive: place.sensitive || (extensions.sensitive ?? place.sensitive),
})

/** The member of an input object; nothing where the place takes none, or its type has no such member. */
export const fieldOf =
  (name: string) =>
  (place: Place): Place[] => {
    const type = getNullableType(place.type)
    const field = isInputObjectType(type) ? type.getFields()[name] : undefined
    return field ? [inside(place, field)] : []
  }

export const isObject = ({ type }: Place): boolean => isInputObjectType(getNullableType(type))

export const isList = ({ type }: Place): boolean => isListType(getNullableType(type))

/** Types whose values name a record, or one of a few choices of the contract. */
const plain = new Set(['ID', 'Boolean'])

/**
 * Whether a value must not be kept. Of what nothing is known it is kept where no type of the API marks anything, or where
 * it is an id or a choice.
 */
export function isHidden({ type, sensitive }: Place, anyIsMarked: boolean): boolean {
  if (sensitive !== undefined) return sensitive
  const named = getNamedType(type)
  return anyIsMarked && !isEnumType(named) && !plain.has(named.name)
}
