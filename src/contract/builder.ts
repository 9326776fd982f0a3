import SchemaBuilder, { type InputObjectRef, type ObjectRef } from '@pothos/core'
import type { GatewayContext } from '../resolve/context.ts'
import type { Json } from '../util/json.ts'

/** What the builder knows of the API: its context and scalars. */
export interface Types {
  Context: GatewayContext
  Scalars: {
    ID: { Input: string; Output: string | number }
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: Json; Output: Json }
    Decimal: { Input: string; Output: string }
    Long: { Input: bigint; Output: bigint }
    UUID: { Input: string; Output: string }
    Base64: { Input: string; Output: string }
  }
}

/** A Pothos builder for a schema that Crossfade serves: fields are nullable unless said otherwise. */
export function createBuilder() {
  return new SchemaBuilder<Types>({})
}

/** What `createBuilder` makes. */
export type Builder = ReturnType<typeof createBuilder>

export type SchemaTypesOf = Builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never

/** What Pothos hands to `fields` of an object whose resolvers get a `Parent`. */
export type FieldBuilder<Parent> = PothosSchemaTypes.ObjectFieldBuilder<SchemaTypesOf, Parent>

/** An object type whose resolvers get a `T`. */
export type Ref<T> = ObjectRef<SchemaTypesOf, T>

/** An input type that resolvers get as a `T`. */
export type InputRef<T> = InputObjectRef<SchemaTypesOf, T>
