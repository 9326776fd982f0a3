import type { Rec } from '../../src/entity/entity.ts'
import type { Operation } from './operations.ts'

/** Whether `a` may have taken effect behind the beginning of `b`: what was never answered may do so at any time. */
const mayFollow = (a: Operation, b: Operation): boolean => a.outcome === 'unknown' || a.end! > b.start

/** Each promise that what is left of one record breaks, in words. */
export function brokenBy(operations: readonly Operation[], id: string, left: Rec | null): string[] {
  const own = operations.filter((operation) => operation.id === id)
  const adds = own.filter(({ kind }) => kind === 'create' || kind === 'append')
  const deletes = own.filter(({ kind, outcome }) => kind === 'delete' && (outcome === 'ok' || outcome === 'unknown'))
  const log = (left?.['log'] ?? []) as readonly string[]
  const broken: string[] = []
  for (const add of adds) {
    const times = log.filter((token) => token === add.token).length
    if (times > 1) broken.push(`${add.token} of ${id} stands ${times} times`)
    if (times > 0 && (add.outcome === 'refused' || add.outcome === 'none'))
      broken.push(`${add.token} of ${id} stands, and its client was told that it does not`)
    if (times === 0 && add.outcome === 'ok' && !deletes.some((each) => mayFollow(each, add)))
      broken.push(`${add.token} of ${id} was acknowledged and is lost`)
  }
  for (const token of log)
    if (!adds.some((add) => add.token === token)) broken.push(`${token} of ${id} was never written`)
  for (const gone of deletes) {
    if (gone.outcome !== 'ok') continue
    for (const add of adds)
      if (log.includes(add.token) && !mayFollow(add, gone))
        broken.push(`${add.token} of ${id} is back, though it was deleted by ${gone.token}`)
  }
  if (left && Number(left['n']) !== log.length) broken.push(`${id} counts ${left['n']} of ${log.length}`)
  return broken
}
