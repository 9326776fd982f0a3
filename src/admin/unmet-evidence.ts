import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import type { Subject } from '../evidence/gate.ts'
import { gateText } from '../evidence/look-at.ts'
import type { Stage } from '../stage/stage.ts'
import { asksGates, type GatedApp } from './asks-gates.ts'

/**
 * What stands against a change of stage, a line each; what is met is told.
 *
 * @param tell takes a line for each gate that is met: the proof that the change is made by.
 */
export function unmetEvidence(app: GatedApp, stores: Subject['stores'], tell: (line: string) => void) {
  const ask = asksGates(app, stores)
  return async (entity: Entity, was: Flag, to: Stage): Promise<string[]> => {
    const states = await ask(entity, was, to)
    for (const { gate, met, found } of states) if (met) tell(`${entity.name}: ${gate}: ${found}`)
    // The move itself refuses a store that was never made equal, in its own words
    const open = states.filter(({ gate, met }) => !met && !(gate === 'copied' && was.fresh === null))
    return open.map((state) => `${entity.name}: ${state.gate}: ${gateText(state)}`)
  }
}
