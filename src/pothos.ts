/** `crossfade/pothos`: object types, filters, orders and connections from mappings, for schemas that Pothos builds. */
export { type Builder, createBuilder, type InputRef, type Ref } from './contract/builder.ts'
export { connectionType } from './contract/connection-type.ts'
export { type EntityTypeOptions, entityType } from './contract/entity-type.ts'
export {
  type ChildrenOptions,
  type ConnectionOptions,
  children,
  connection,
  type ReferenceOptions,
  record,
  reference,
} from './contract/fields.ts'
export { type FilterType, type FilterTypeOptions, filterType } from './contract/filter-type.ts'
export { newInput, patchInput } from './contract/input-types.ts'
export { type OrderType, orderType } from './contract/order-type.ts'
export { payloadType } from './contract/payload-type.ts'
export { addScalars } from './contract/scalars.ts'
