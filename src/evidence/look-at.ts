import type { Stage } from '../stage/stage.ts'
import type { GateName, Look, Subject } from './gate.ts'
import { ASKED, gates } from './gates.ts'

/** What a gate has seen of one type. */
export interface GateState extends Look {
  readonly type: string
  readonly gate: GateName
}

/** What a change of stage asks for, each looked at; those that the settings leave out are not among them. */
export async function lookAt(subject: Subject, to: Stage): Promise<GateState[]> {
  const states: GateState[] = []
  // One after the other: some read much, and none is in a hurry
  for (const gate of ASKED[subject.flag.stage][to]) {
    const look = await gates[gate](subject, to)
    if (look) states.push({ type: subject.entity.name, gate, ...look })
  }
  return states
}

/** As one clause of a sentence. */
export const gateText = ({ found, remedy }: Look): string => (remedy === undefined ? found : `${found}: ${remedy}`)
