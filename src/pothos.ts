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
export { connectionType } from './contract/connection-type.ts'
export { type EntityTypeOptions, entityType } from './contract/entity-type.ts'
export { addFilterInputs, listFilterInput } from './contract/filter-inputs.ts'
export { addScalars } from './contract/scalars.ts'
