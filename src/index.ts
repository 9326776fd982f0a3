// The declarations of both drivers are made of Node's, which TypeScript loads only where it is told to
/// <reference types="node" preserve="true" />

/** `crossfade`: mappings, loading and writing from resolvers of any schema, and the configuration. */
export type { KindName } from './codec/kinds.ts'
export { defineEntity, type EntityOptions } from './entity/define-entity.ts'
export type { Entity, Id, NewRecordOf, Rec, RecordOf } from './entity/entity.ts'
export {
  binary,
  boolean,
  decimal,
  embed,
  enumeration,
  type Field,
  float,
  int,
  json,
  list,
  long,
  objectId,
  text,
  timestamp,
  uuid,
} from './entity/field.ts'
export { parseId } from './entity/parse-id.ts'
export { type CrossfadeConfig, type DemoConfig, defineConfig, type SampleOperation } from './gateway/config.ts'
export type { Aggregate, Group, Measure } from './query/aggregate.ts'
export {
  add,
  addToSet,
  append,
  compute,
  divide,
  field,
  increment,
  multiply,
  pull,
  subtract,
} from './query/operations.ts'
export type { OrderKey } from './query/order.ts'
export { type FilterNames, type Names, parseFilter } from './query/parse-filter.ts'
export type { Where } from './query/where.ts'
export { type Connection, type Edge, loadChildren, loadConnection, type PageInfo } from './resolve/connection.ts'
export type { GatewayContext } from './resolve/context.ts'
export { load, loadBy } from './resolve/load.ts'
export { loadAggregate } from './resolve/load-aggregate.ts'
export { routed } from './resolve/routed.ts'
export { scalars } from './resolve/scalars.ts'
export { fieldsFor, selectedBelow } from './resolve/selection.ts'
export { independent, mutation, only, type Writes } from './resolve/write.ts'
export type { Transaction } from './routing/writes.ts'
export { foldPattern } from './util/case-fold.ts'
export { CrossfadeError } from './util/errors.ts'
export { haversine } from './util/haversine.ts'
export type { Json } from './util/json.ts'
