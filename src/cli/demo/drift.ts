import { type Drifted, driftRow, parseDrifted, shownAt, shownCount, undoDrift } from '../../demo/drift.ts'
import type { DemoConfig } from '../../gateway/config.ts'
import type { Session } from '../session.ts'

const kind = 'demo-drift'

/** A small generator, so that the same seed changes the same documents (Steele and Vigna's splitmix32). */
function random(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Changes records in PostgreSQL alone, at most one field each, over all types and paths in turn. */
export async function seedDrift(
  { config, stores }: Session,
  demo: DemoConfig,
  count: number,
  seed: number,
): Promise<Drifted[]> {
  const { ledger } = stores.mongo
  const types = config.entities.filter(({ name }) => (demo.drift[name]?.paths.length ?? 0) > 0)
  const sizes = await Promise.all(types.map((entity) => shownCount(stores.mongo, entity)))
  const next = random(seed)
  const taken = new Set<string>()
  const drifted: Drifted[] = []
  // A record that cannot hold the path is passed over; the bound keeps a tiny collection from looping for ever.
  for (let turn = 0; drifted.length < count && turn < count * 50; turn++) {
    const at = turn % types.length
    const { paths } = demo.drift[types[at]!.name]!
    const place = Math.floor(next() * sizes[at]!)
    if (taken.has(`${at}/${place}`)) continue
    taken.add(`${at}/${place}`)
    const id = await shownAt(stores.mongo, types[at]!, place)
    const path = paths[Math.floor(turn / types.length) % paths.length]!
    const one = id === null ? null : await driftRow(stores.postgres, types[at]!, id, path)
    if (!one) continue
    drifted.push(one)
    await ledger.compareAndSet(kind, `${one.type}/${one.id}`, null, { ...one })
  }
  return drifted
}

/** Puts back what an earlier run changed and nobody has touched since. */
export async function forgetDrift({ config, stores }: Session): Promise<void> {
  const { ledger } = stores.mongo
  for (const entry of await ledger.list(kind)) {
    const drifted = parseDrifted(entry)
    const entity = config.entities.find(({ name }) => name === drifted?.type)
    if (drifted && entity) await undoDrift(stores.postgres, entity, drifted)
    await ledger.remove(kind, entry.key)
  }
}
