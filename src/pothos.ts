// The declarations of both drivers are made of Node's, which TypeScript loads only where it is told to
/// <reference types="node" preserve="true" />

/** `crossfade/pothos`: object types, filters, orders and connections from mappings, for schemas that Pothos builds. */
export {
  type Builder,
  createBuilder,
  type FieldBuilder,
  type InputRef,
  type Ref,
  type Types,
} from './contract/builder.ts'
export { type ChildrenPageOptions, childrenPage } from './contract/children-page-field.ts'
export { type ConnectionOptions, connection } from './contract/connection-field.ts'
export { connectionType, mergedConnectionType } from './contract/connection-type.ts'
export { type As, type EntityTypeOptions, entityType, type ShownField } from './contract/entity-type.ts'
export { type EnumTypeOptions, enumType, type ShownValue } from './contract/enum-type.ts'
export { type FilterType, type FilterTypeOptions, filterType } from './contract/filter-type.ts'
export { newInput, patchInput } from './contract/input-types.ts'
export { interfaceType } from './contract/interface-type.ts'
export { type MergedChildrenOptions, mergedChildren } from './contract/merged-children-field.ts'
export { type MergedOptions, mergedConnection } from './contract/merged-field.ts'
export { type MergedPageOptions, mergedPage } from './contract/merged-page-field.ts'
export { type NodeOptions, node, nodes } from './contract/node-field.ts'
export { type OrderType, orderType } from './contract/order-type.ts'
export { type PageOptions, page } from './contract/page-field.ts'
export { mergedPageType, type PageShape, type PageTypeOptions, pageType } from './contract/page-type.ts'
export { payloadType } from './contract/payload-type.ts'
export { type RecordOptions, record } from './contract/record-field.ts'
export { type ChildrenOptions, children, type ReferenceOptions, reference } from './contract/related-fields.ts'
export { addScalars } from './contract/scalars.ts'
export { type TypedReferenceOptions, typedReference } from './contract/typed-reference.ts'
export type { PageNames } from './resolve/page-bounds.ts'
