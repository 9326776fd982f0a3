import {
  type ConstValueNode,
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  print,
  separateOperations,
  TypeInfo,
  type ValueNode,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { hidesAny } from '../entity/hides.ts'
import { isPlainObject, own } from '../util/json.ts'
import { fieldOf, isHidden, isList, isObject, memberOf, type Place, placeOf } from './sensitive.ts'
import type { Token } from './token.ts'

/** An operation as a recording holds it. */
export interface RecordedOperation {
  /** Null where the client has given it none. */
  readonly name: string | null
  /** Without comments, and without operations and fragments that it does not use. */
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** One operation of a document, with what is known of its variables. */
interface Prepared {
  readonly name: string | null
  readonly query: string
  readonly places: ReadonlyMap<string, readonly Place[]>
}

/** Where variables stand. */
type Places = Map<string, readonly Place[]>

/**
 * Takes sensitive values out of operations: tokens stand in their place, in variables and in literals of the document.
 * A variable is sensitive where one of its places is; of one that stands nowhere nothing is kept.
 */
export class OperationRecorder {
  readonly #schema: GraphQLSchema
  readonly #token: Token
  readonly #anyIsMarked: boolean
  readonly #prepared = new WeakMap<DocumentNode, Map<string, Prepared>>()

  constructor(schema: GraphQLSchema, entities: readonly Entity[], token: Token) {
    this.#schema = schema
    this.#token = token
    this.#anyIsMarked = entities.some(hidesAny)
  }

  /** @param document valid, and of a query; `operationName` names one of its operations, or there is only one. */
  record(
    document: DocumentNode,
    operationName: string | null | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): RecordedOperation {
    const { name, query, places } = this.#prepare(document, operationName)
    const kept = [...places].flatMap(([variable, each]): [string, unknown][] => {
      const value = own(variables, variable)
      return value === undefined ? [] : [[variable, this.#value(value, each)]]
    })
    return { name, query, variables: Object.fromEntries(kept) }
  }

  /** Worked out once for each operation of a document, which clients send again and again. */
  #prepare(document: DocumentNode, operationName: string | null | undefined): Prepared {
    const known = this.#prepared.get(document) ?? new Map<string, Prepared>()
    this.#prepared.set(document, known)
    const name = getOperationAST(document, operationName)!.name?.value ?? ''
    const prepared = known.get(name) ?? this.#prepareNew(separateOperations(document)[name]!, name)
    known.set(name, prepared)
    return prepared
  }

  #prepareNew(document: DocumentNode, name: string): Prepared {
    const places: Places = new Map()
    const types = new TypeInfo(this.#schema)
    const withArguments = visit(
      document,
      visitWithTypeInfo(types, {
        Argument: {
          leave: (node) => {
            const argument = types.getArgument()
            if (!argument) throw new TypeError('An argument that the contract does not know was executed.')
            return { ...node, value: this.#literal(node.value, [placeOf(argument)], places) }
          },
        },
      }),
    )
    const shown = visit(withArguments, {
      VariableDefinition: (node) => {
        const { defaultValue, variable } = node
        const value = defaultValue && this.#literal(defaultValue, places.get(variable.name.value) ?? [], places)
        return value ? { ...node, defaultValue: value as ConstValueNode } : undefined
      },
    })
    return { name: name || null, query: print(shown), places }
  }

  /** Of what stands nowhere nothing is known. */
  #hides(at: readonly Place[]): boolean {
    return at.length === 0 || at.some((place) => isHidden(place, this.#anyIsMarked))
  }

  #literal(node: ValueNode, at: readonly Place[], places: Places): ValueNode {
    if (node.kind === Kind.NULL) return node
    if (node.kind === Kind.VARIABLE) {
      const { value: name } = node.name
      places.set(name, [...(places.get(name) ?? []), ...at])
      return node
    }
    const members = at.map(memberOf)
    if (node.kind === Kind.LIST)
      return { ...node, values: node.values.map((each) => this.#literal(each, members, places)) }
    if (node.kind === Kind.OBJECT && members.some(isObject)) {
      const fields = node.fields.map((each) => ({
        ...each,
        value: this.#literal(each.value, members.flatMap(fieldOf(each.name.value)), places),
      }))
      return { ...node, fields }
    }
    // A variable inside of it stands nowhere then
    if (this.#hides(at)) return { kind: Kind.STRING, value: this.#token(valueFromASTUntyped(node)) }
    if (node.kind !== Kind.OBJECT) return node
    return {
      ...node,
      fields: node.fields.map((each) => ({ ...each, value: this.#literal(each.value, at, places) })),
    }
  }

  #value(value: unknown, at: readonly Place[]): unknown {
    if (value === null || value === undefined) return value
    const members = at.map(memberOf)
    if (Array.isArray(value) && at.some(isList)) return value.map((each) => this.#value(each, members))
    if (isPlainObject(value) && members.some(isObject)) {
      const kept = Object.entries(value).map(([key, member]) => [
        key,
        this.#value(member, members.flatMap(fieldOf(key))),
      ])
      return Object.fromEntries(kept)
    }
    return this.#hides(at) ? this.#token(value) : value
  }
}
