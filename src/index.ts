// The declarations of both drivers are made of Node's, which TypeScript loads only where it is told to
/// <reference types="node" preserve="true" />

/** `crossfade`: mappings, loading and writing from resolvers of any schema, and the configuration. */
export type { IdParts, PartTypes } from './codec/id-part.ts'
export type { KindName } from './codec/kinds.ts'
export { defineEntity, type EntityOptions } from './entity/define-entity.ts'
export type { Entity, Id, Rec } from './entity/entity.ts'
export {
  binary,
  boolean,
  type CompositeShape,
  compositeId,
  decimal,
  type EmbedShape,
  embed,
  enumeration,
  type Field,
  type Fields,
  float,
  int,
  json,
  type ListShape,
  list,
  long,
  longId,
  type ObjectsShape,
  objectId,
  type ScalarShape,
  type Shape,
  text,
  timestamp,
  uuid,
  type ValuesOf,
} from './entity/field.ts'
export { idOf, partsOf } from './entity/id-parts.ts'
export { parseId } from './entity/parse-id.ts'
export type { KeyPathOf, OrderPathOf, PathOf, ValueAt } from './entity/path.ts'
export type { IdOf, Narrow, NewRecordOf, RecordOf } from './entity/record.ts'
export {
  type Cors,
  type CrossfadeConfig,
  type DemoConfig,
  defineConfig,
  type SampleOperation,
} from './gateway/config.ts'
export type { Crossfade, CrossfadeOptions, RequestContext, RequestOptions } from './gateway/crossfade.ts'
export type { Limits } from './gateway/limits.ts'
export { openCrossfade } from './gateway/open-crossfade.ts'
export type { AggregateOf, GroupOf } from './query/aggregate-of.ts'
export { changeWhere } from './query/change-where.ts'
export type { FilterNames } from './query/filter-names.ts'
export type { FilterOf } from './query/filter-of.ts'
export type { OffsetArgs } from './query/offset-page.ts'
export {
  type Arithmetic,
  add,
  addToSet,
  append,
  compute,
  divide,
  field,
  increment,
  insert,
  max,
  min,
  multiply,
  type Operation,
  pop,
  pull,
  subtract,
} from './query/operations.ts'
export type { OrderKey } from './query/order.ts'
export type { PageArgs, PageBounds } from './query/page.ts'
export { parseFilter, where } from './query/parse-filter.ts'
export type { PatchOf } from './query/patch-of.ts'
export { everything, type Where, type WhereOf } from './query/where.ts'
export type { Among } from './resolve/among.ts'
export type { Connection, Edge, PageInfo } from './resolve/connection.ts'
export type { AppContext, GatewayContext } from './resolve/context.ts'
export type { CursorPlace, EarlierCursors } from './resolve/cursor-place.ts'
export { type GlobalIdCodec, type GlobalIds, globalIds, loadNode, type Meant } from './resolve/global-ids.ts'
export { type LoadOptions, load, loadBy } from './resolve/load.ts'
export { loadAggregate } from './resolve/load-aggregate.ts'
export { loadChildren } from './resolve/load-children.ts'
export { loadChildrenPage } from './resolve/load-children-page.ts'
export { loadConnection } from './resolve/load-connection.ts'
export { type ListedOf, loadMerged, type MergedLoadOptions } from './resolve/load-merged.ts'
export { loadMergedChildren } from './resolve/load-merged-children.ts'
export { loadMergedPage } from './resolve/load-merged-page.ts'
export { type LoadPageOptions, loadPage } from './resolve/load-page.ts'
export { type Reading, reading } from './resolve/reading.ts'
export { recordType, typed } from './resolve/record-type.ts'
export { type Asked, type Routed, routed } from './resolve/routed.ts'
export { type AskedEach, type RoutedEach, routedEach } from './resolve/routed-each.ts'
export { scalars } from './resolve/scalars.ts'
export type { TypeReader } from './resolve/type-reader.ts'
export { write } from './resolve/write.ts'
export type { ByHand } from './routing/by-hand.ts'
export { independent, only, repeatable, together, type Writes } from './routing/declared-writes.ts'
export type { ManyBound } from './routing/many.ts'
export { PartlyWritten } from './routing/partly-written.ts'
export type { Transaction } from './routing/transaction.ts'
export type { Conditional, ConditionalDelete, NewOne, TypeWrites, Upserted, UpsertKey } from './routing/type-writes.ts'
export type { HandCollection, HandDocument, MongoHand } from './stores/mongo/hand.ts'
export type { MongoSide } from './stores/mongo/side.ts'
export type { PostgresHand } from './stores/postgres/hand.ts'
export type { Migrations } from './stores/postgres/migrate.ts'
export type { PostgresSide } from './stores/postgres/side.ts'
export { foldPattern } from './util/case-fold.ts'
export { CrossfadeError, type ErrorCode } from './util/errors.ts'
export { haversine } from './util/haversine.ts'
export type { Json } from './util/json.ts'
