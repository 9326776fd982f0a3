import type { Notices } from '../control/notices.ts'
import type { Routing } from '../routing/routing.ts'

const lookMs = 1_000

/** Tells when the kill switch of a type is thrown, and when it is let go. @returns what ends it. */
export function watchKilled({ entities, killSwitch }: Pick<Routing, 'entities' | 'killSwitch'>, notices: Notices) {
  const known = new Map(entities.map(({ name }) => [name, killSwitch.isOn(name)]))
  const look = (): void => {
    for (const [type, was] of known) {
      const isOn = killSwitch.isOn(type)
      if (isOn === was) continue
      known.set(type, isOn)
      notices.send(
        isOn
          ? { event: 'type.killed', type, text: `${type} is killed: its reads answer from the authority.`, facts: {} }
          : { event: 'type.released', type, text: `${type} is not killed any more: its flag rules.`, facts: {} },
      )
    }
  }
  const timer = setInterval(look, lookMs).unref()
  return () => clearInterval(timer)
}
