import type { Notices } from '../control/notices.ts'
import type { Routing } from '../routing/routing.ts'

const lookMs = 1_000

/** Tells when the kill switch of a type is thrown, and when it is let go, whoever did it. @returns what ends it. */
export function watchKilled(
  { entities, killSwitch, log }: Pick<Routing, 'entities' | 'killSwitch' | 'log'>,
  notices?: Notices,
) {
  const known = new Map(entities.map(({ name }) => [name, killSwitch.isOn(name)]))
  const look = (): void => {
    for (const [type, was] of known) {
      const isOn = killSwitch.isOn(type)
      if (isOn === was) continue
      known.set(type, isOn)
      const [event, text] = isOn
        ? (['type.killed', `${type} is killed: its reads answer from the authority.`] as const)
        : (['type.released', `${type} is not killed any more: its flag rules.`] as const)
      log('warn', text)
      notices?.send({ event, type, text, facts: {} })
    }
  }
  const timer = setInterval(look, lookMs).unref()
  return () => clearInterval(timer)
}
