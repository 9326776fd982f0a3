import type { GraphQLSchema } from 'graphql'
import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import type { Subject } from '../evidence/gate.ts'
import { type GateState, lookAt } from '../evidence/look-at.ts'
import { type GatesConfig, gatesOf } from '../evidence/settings.ts'
import { contractFields } from '../resolve/contract-fields.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import type { Stage } from '../stage/stage.ts'

/** An app, as far as what its types need to have proved depends on it. */
export interface GatedApp {
  readonly schema: GraphQLSchema
  readonly entities: readonly Entity[]
  readonly gates?: GatesConfig | undefined
  /** Of whom a share of reads is; a share is refused without. */
  readonly subject?: unknown
}

/** Looks at what a change of stage asks for, of one type. */
export function asksGates({ schema, entities, gates }: GatedApp, stores: Subject['stores']) {
  const orders = contractOrders(schema, entities)
  return (entity: Entity, flag: Flag, to: Stage): Promise<GateState[]> => {
    const subject = {
      stores,
      entity,
      flag,
      orders: orders.get(entity.name) ?? [],
      fields: contractFields(schema, entity),
      settings: gatesOf(entity.name, gates),
    }
    return lookAt(subject, to)
  }
}
