/** What an adopter's schema and resolvers import: everything public, and nothing else. */
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
export { type Builder, createBuilder, type InputRef, type Ref } from './gateway/builder.ts'
export { type CrossfadeConfig, type DemoConfig, defineConfig, type SampleOperation } from './gateway/config.ts'
export { type Connection, loadChildren, loadConnection } from './gateway/connection.ts'
export { connectionType } from './gateway/connection-type.ts'
export type { GatewayContext } from './gateway/context.ts'
export { entityType } from './gateway/entity-type.ts'
export { addFilterInputs, listFilterInput } from './gateway/inputs.ts'
export { loadAggregate } from './gateway/load-aggregate.ts'
export { independent, load, loadBy, mutation, only, type Writes } from './gateway/resolvers.ts'
export { routed } from './gateway/routed.ts'
export { addScalars } from './gateway/scalars.ts'
export { fieldsFor, selectedBelow } from './gateway/selection.ts'
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
export type { Transaction } from './routing/writes.ts'
export { foldPattern } from './util/case-fold.ts'
export { CrossfadeError } from './util/errors.ts'
export { haversine } from './util/haversine.ts'
export type { Json } from './util/json.ts'
