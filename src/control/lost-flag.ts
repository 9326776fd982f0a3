import { STAGE_PLAN } from '../stage/stage.ts'
import type { Flag } from './flag.ts'
import { newer } from './flag-store.ts'

/** Whether a store's own copy of a flag, null where it has none, is older than the one in force. */
export const isOlder = (own: Flag | null, flag: Flag): boolean => own === null || newer(own, flag) !== own

/**
 * What is to be told, and done, where the store that has authority has an older copy of a flag than the other store, or a
 * gateway, knows: it does not confirm it, so that nobody writes, and it is for people to say which store is believed.
 */
export function lostFlag({ type, stage, epoch }: Flag): string {
  const { authority } = STAGE_PLAN[stage]
  const text = `${type} is ${stage}, epoch ${epoch}, and ${authority}, which has authority, knows an older flag: it was restored, or has lost what it had`
  const reset = (to: string): string => `\`crossfade stage reset ${type} --stage ${to} --why "…"\``
  const remedy = `say which store is believed: ${reset('off')} for MongoDB, or ${reset('complete')} for PostgreSQL`
  return `${text}. Nobody writes ${type} until you ${remedy}.`
}
