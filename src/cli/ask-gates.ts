import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { type GateState, gateText, lookAt } from '../evidence/look-at.ts'
import { gatesOf } from '../evidence/settings.ts'
import { contractFields } from '../resolve/contract-fields.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import type { Stage } from '../stage/stage.ts'
import type { Session } from './session.ts'

/** Looks at what a change of stage asks for, of one type after the other. */
export function asksGates({ config, stores }: Pick<Session, 'config' | 'stores'>) {
  const orders = contractOrders(config.schema, config.entities)
  return (entity: Entity, flag: Flag, to: Stage): Promise<GateState[]> => {
    const subject = {
      stores,
      entity,
      flag,
      orders: orders.get(entity.name) ?? [],
      fields: contractFields(config.schema, entity),
      settings: gatesOf(entity.name, config.gates),
    }
    return lookAt(subject, to)
  }
}

/**
 * What stands against a change of stage, a line each; what is met is told.
 *
 * @param tell takes a line for each gate that is met: the proof that the change is made by.
 */
export function unmetEvidence(session: Pick<Session, 'config' | 'stores'>, tell: (line: string) => void) {
  const ask = asksGates(session)
  return async (entity: Entity, was: Flag, to: Stage): Promise<string[]> => {
    const states = await ask(entity, was, to)
    for (const { gate, met, found } of states) if (met) tell(`${entity.name}: ${gate}: ${found}`)
    // The move itself refuses a store that was never made equal, in its own words
    const open = states.filter(({ gate, met }) => !met && !(gate === 'copied' && was.fresh === null))
    return open.map((state) => `${entity.name}: ${state.gate}: ${gateText(state)}`)
  }
}
