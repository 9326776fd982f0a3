// Marks products that were added before a day: node jobs/mark-old.ts 2024-02-01
import { addToSet, openCrossfade, where } from 'crossfade'
import config from '../crossfade.config.ts'
import { Product } from '../entities.ts'

const before = new Date(process.argv[2] ?? '')
const crossfade = await openCrossfade(config)
try {
  const products = crossfade.reader(Product)
  const old = where(Product, { addedAt: { lt: before } })
  let after: string | null = null
  let marked = 0
  do {
    const page = await products.loadConnection(old, [{ path: 'addedAt', direction: 'asc' }], { first: 100, after })
    for (const { id } of page.nodes()) {
      const product = await crossfade.write(Product, (tx) => tx.of(Product).patch(id, { tags: addToSet('old') }))
      if (product !== null) marked++ // null: somebody has deleted it meanwhile
    }
    const { hasNextPage, endCursor } = page.pageInfo()
    after = hasNextPage ? endCursor() : null
  } while (after !== null)
  console.log(`${marked} products are marked as old.`)
} finally {
  await crossfade.close()
}
