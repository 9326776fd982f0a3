import type { Store } from '../stores/store.ts'
import { deadLetterKind } from './dead-letters.ts'
import { idIn } from './record-key.ts'

/** What stands against a store giving its authority over a type away, as far as the mirror knows: a line each. */
export async function unmetGates({ ledger }: Store, type: string): Promise<string[]> {
  const letters = (await ledger.list(deadLetterKind)).filter(({ key }) => idIn({ name: type }, key) !== null)
  if (letters.length === 0) return []
  const records = letters.length === 1 ? 'a record is' : `${letters.length} records are`
  return [`${records} refused by the other store: see \`crossfade mirror status\` and \`crossfade issues list\``]
}
