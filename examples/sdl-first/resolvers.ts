import {
  CrossfadeError,
  type GatewayContext,
  load,
  loadBy,
  loadChildren,
  loadConnection,
  mutation,
  only,
  parseFilter,
  parseId,
  type RecordOf,
  scalars,
} from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { Product, Review } from './entities.ts'

type Resolve<Args, Parent = unknown> = (
  parent: Parent,
  args: Args,
  context: GatewayContext,
  info: GraphQLResolveInfo,
) => unknown

interface Page {
  readonly first?: number | null
  readonly after?: string | null
}

interface ProductsArgs extends Page {
  readonly filter?: Readonly<Record<string, unknown>> | null
  readonly orderBy?: readonly { readonly field: string; readonly direction: 'asc' | 'desc' }[] | null
}

/** Fields of the filter, and the record paths that they mean. */
const filterNames = { name: 'name', price: 'price', tags: 'tags', addedAt: 'addedAt' } as const

const product: Resolve<{ id: string }> = (_, { id }, context, info) => load(context, info, Product, id)

const productBySku: Resolve<{ sku: string }> = (_, { sku }, context, info) => loadBy(context, info, Product, 'sku', sku)

const products: Resolve<ProductsArgs> = (_, { filter, orderBy, ...page }, context, info) => {
  // The enumeration of the argument has record paths as its values, see below
  const order = (orderBy ?? [{ field: 'name', direction: 'asc' }]).map(({ field: path, direction }) => ({
    path,
    direction,
  }))
  return loadConnection(context, info, Product, parseFilter(Product, filterNames, filter), order, page)
}

const newestProducts: Resolve<{ first: number }> = async (_, { first }, context, info) => {
  const order = [{ path: 'addedAt', direction: 'desc' }] as const
  const connection = await loadConnection(context, info, Product, parseFilter(Product, {}, null), order, { first })
  return connection.nodes()
}

const reviewsOf: Resolve<Page, RecordOf<typeof Product>> = ({ id }, page, context, info) =>
  loadChildren(context, info, Review, 'productId', id, [{ path: 'writtenAt', direction: 'desc' }], page)

const productOf: Resolve<object, RecordOf<typeof Review>> = ({ productId }, _, context, info) =>
  load(context, info, Product, productId)

interface ReviewInput {
  readonly productId: string
  readonly stars: number
  readonly text?: string | null
}

const addReview = mutation('addReview', only(Review), async (tx, { input }: { input: ReviewInput }) => {
  const { stars, text } = input
  if (stars < 1 || stars > 5) throw new CrossfadeError('BAD_USER_INPUT', `stars are between 1 and 5; ${stars} is not.`)
  const productId = String(parseId(Product, input.productId))
  return tx.of(Review).create({ productId, stars, text, writtenAt: new Date() })
})

const setPrice = mutation('setPrice', only(Product), (tx, { id, price }: { id: string; price: string }) =>
  tx.of(Product).patch(parseId(Product, id), { price }),
)

export const resolvers = {
  DateTime: scalars.DateTime,
  Decimal: scalars.Decimal,
  JSON: scalars.JSON,
  Long: scalars.Long,
  ProductOrderField: { NAME: 'name', PRICE: 'price', ADDED_AT: 'addedAt' },
  Direction: { ASC: 'asc', DESC: 'desc' },
  Query: { product, productBySku, products, newestProducts },
  Mutation: { addReview, setPrice },
  Product: {
    // A field that the mapping does not have says which record paths it reads; start-up asks for that
    label: {
      extensions: { needs: ['brand', 'name'] },
      resolve: ({ brand, name }: RecordOf<typeof Product>) => [brand, name].filter(Boolean).join(' '),
    },
    reviews: { extensions: { needs: [] }, resolve: reviewsOf },
  },
  Review: { product: { extensions: { needs: ['productId'] }, resolve: productOf } },
}
