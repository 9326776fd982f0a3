import type { Rec } from '../../src/entity/entity.ts'
import type { Operation } from './operations.ts'

/** An operation as far as its client knows of it. */
export type Told = Pick<Operation, 'id' | 'token' | 'start' | 'end' | 'outcome'> & { readonly kind: string }

/**
 * - lost: it was acknowledged, and is not there.
 * - doubled: it took effect more than once.
 * - untrue: it is there, and its client was told that it is not; or nobody wrote it; or half of it is there.
 * - resurrected: it was deleted, and is back.
 */
export interface Broken {
  readonly promise: 'lost' | 'doubled' | 'untrue' | 'resurrected'
  readonly text: string
}

/** Whether `a` may have taken effect behind the beginning of `b`: what was never answered may do so at any time. */
export const mayFollow = (a: Told, b: Told): boolean => a.outcome === 'unknown' || a.end! > b.start

/** Each promise that what is left of one record breaks. */
export function brokenBy(operations: readonly Told[], id: string, left: Rec | null): Broken[] {
  const own = operations.filter((operation) => operation.id === id)
  const adds = own.filter(({ kind }) => kind === 'create' || kind === 'append' || kind === 'both')
  const deletes = own.filter(({ kind, outcome }) => kind === 'delete' && (outcome === 'ok' || outcome === 'unknown'))
  const log = (left?.['log'] ?? []) as readonly string[]
  const broken: Broken[] = []
  const note = (promise: Broken['promise'], text: string): void => void broken.push({ promise, text })
  for (const add of adds) {
    const times = log.filter((token) => token === add.token).length
    if (times > 1) note('doubled', `${add.token} of ${id} stands ${times} times`)
    if (times > 0 && (add.outcome === 'refused' || add.outcome === 'none'))
      note('untrue', `${add.token} of ${id} stands, and its client was told that it does not`)
    if (times === 0 && add.outcome === 'ok' && !deletes.some((each) => mayFollow(each, add)))
      note('lost', `${add.token} of ${id} was acknowledged and is lost`)
  }
  for (const token of log)
    if (!adds.some((add) => add.token === token)) note('untrue', `${token} of ${id} was never written`)
  for (const gone of deletes) {
    if (gone.outcome !== 'ok') continue
    for (const add of adds)
      if (log.includes(add.token) && !mayFollow(add, gone))
        note('resurrected', `${add.token} of ${id} is back, though it was deleted by ${gone.token}`)
  }
  if (left && Number(left['n']) !== log.length) note('untrue', `${id} counts ${left['n']} of ${log.length}`)
  return broken
}

/** What of both records of one id was written together, and is not there whole, or there though it was refused. */
export function halvedBy(operations: readonly Told[], id: string, doc: Rec | null, twin: Rec | null): Broken[] {
  const own = operations.filter((operation) => operation.id === id)
  const deletes = own.filter(({ kind, outcome }) => kind === 'delete' && (outcome === 'ok' || outcome === 'unknown'))
  const [inDoc, inTwin] = [doc, twin].map((left) => (left?.['log'] ?? []) as readonly string[])
  const both = own.filter(({ kind }) => kind === 'both')
  const halved = both.flatMap((each): Broken[] => {
    const [there, beside] = [inDoc, inTwin].map((log) => log!.includes(each.token))
    const text = `${each.token} of ${id} stands ${there ? '' : 'not '}in its document and ${beside ? '' : 'not '}in its twin`
    const isGone = deletes.some((other) => mayFollow(other, each))
    if (each.outcome === 'ok' && !beside) return [{ promise: 'lost', text }]
    if ((each.outcome === 'refused' || each.outcome === 'none') && beside) return [{ promise: 'untrue', text }]
    // What nobody was told of may come so late that authority has moved, and each is settled by itself
    return each.outcome !== 'unknown' && there !== beside && !isGone ? [{ promise: 'untrue', text }] : []
  })
  const doubled = inTwin!.filter((token, index) => inTwin!.indexOf(token) !== index)
  return [...halved, ...doubled.map((token): Broken => ({ promise: 'doubled', text: `${token} of ${id}’s twin` }))]
}
