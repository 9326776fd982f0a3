// Prints products whose sku a later one has; with --yes it deletes them: node jobs/keep-latest.ts --yes >> deleted.jsonl
import { everything, openCrossfade, where } from 'crossfade'
import config from '../crossfade.config.ts'
import { Product } from '../entities.ts'

const deletes = process.argv.includes('--yes')
const order = [
  { path: 'sku', direction: 'asc' },
  { path: 'addedAt', direction: 'desc' },
] as const
const crossfade = await openCrossfade(config)
try {
  const products = crossfade.reader(Product)
  let latest: string | null = null
  let after: string | null = null
  do {
    const page = await products.loadConnection(everything, order, { first: 100, after })
    for (const product of page.nodes()) {
      const { id, sku } = product
      const isLater = sku === null || sku !== latest // of dirty data: a required field may be null
      latest = sku
      if (isLater) continue
      console.log(JSON.stringify(product))
      // Where it has this sku still: somebody may have given it another one meanwhile
      if (deletes)
        await crossfade.write(Product, (tx) => tx.of(Product).deleteWhen(id, where(Product, { sku: { eq: sku } })))
    }
    const { hasNextPage, endCursor } = page.pageInfo()
    after = hasNextPage ? endCursor() : null
  } while (after !== null)
} finally {
  await crossfade.close()
}
