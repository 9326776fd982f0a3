import { isOpen, issueGroups } from '../accepted-issues.ts'
import type { Gate } from '../gate.ts'

/** Values that could not be carried, references that lead nowhere, values that should be unique: none, or accepted. */
export const issues: Gate = async ({ stores, entity, settings }) => {
  if (!settings.issues) return null
  const groups = await issueGroups(stores.postgres, entity)
  const open = groups.filter(isOpen)
  const count = (of: typeof groups): number => of.reduce((sum, each) => sum + each.count, 0)
  const [first] = open
  if (!first) {
    const accepted = groups.length > 0 ? `; ${count(groups)} are accepted` : ''
    return { met: true, found: `no data issue is open${accepted}` }
  }
  const found = `${count(open)} data issues are open, first ${first.path}: ${first.rule} (${first.count})`
  const remedy = `mend them, or \`crossfade issues accept ${entity.name} ${first.group} --by NAME --why "…"\``
  return { met: false, found, remedy }
}
