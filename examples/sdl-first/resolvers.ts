import {
  CrossfadeError,
  everything,
  type GatewayContext,
  load,
  loadBy,
  loadChildren,
  loadConnection,
  type Narrow,
  only,
  parseFilter,
  parseId,
  reading,
  scalars,
  write,
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

/** The values of the enumeration that the SDL names: record paths, see below. */
const orders = { NAME: 'name', PRICE: 'price', ADDED_AT: 'addedAt' } as const

interface ProductsArgs extends Page {
  readonly filter?: Readonly<Record<string, unknown>> | null
  readonly orderBy?:
    | readonly { readonly field: (typeof orders)[keyof typeof orders]; readonly direction: 'asc' | 'desc' }[]
    | null
}

const product: Resolve<{ id: string }> = (_, { id }, context, info) => load(context, info, Product, id)

const productBySku: Resolve<{ sku: string }> = (_, { sku }, context, info) => loadBy(context, info, Product, 'sku', sku)

const products: Resolve<ProductsArgs> = (_, { filter, orderBy, ...page }, context, info) => {
  const order = (orderBy ?? [{ field: 'name', direction: 'asc' }]).map(({ field: path, direction }) => ({
    path,
    direction,
  }))
  // Fields of the filter that are record paths; others are given with the path that they mean
  const wanted = parseFilter(Product, { name: true, price: true, tags: true, addedAt: true }, filter)
  return loadConnection(context, info, Product, wanted, order, page)
}

const newestProducts: Resolve<{ first: number }> = async (_, { first }, context, info) => {
  const order = [{ path: 'addedAt', direction: 'desc' }] as const
  const connection = await loadConnection(context, info, Product, everything, order, { first })
  return connection.nodes()
}

const reviewsOf: Resolve<Page, Narrow<typeof Product>> = ({ id }, page, context, info) =>
  loadChildren(context, info, Review, 'productId', id, [{ path: 'writtenAt', direction: 'desc' }], page)

interface ReviewInput {
  readonly productId: string
  readonly stars: number
  readonly text?: string | null
}

const addReview: Resolve<{ input: ReviewInput }> = (_, { input }, context, info) => {
  const { stars, text } = input
  if (stars < 1 || stars > 5) throw new CrossfadeError('BAD_USER_INPUT', `stars must be between 1 and 5, got ${stars}.`)
  const productId = parseId(Product, input.productId)
  return write(context, info, (tx) => tx.of(Review).create({ productId, stars, text, writtenAt: new Date() }))
}

const setPrice: Resolve<{ id: string; price: string }> = (_, { id, price }, context, info) =>
  write(context, info, (tx) => tx.of(Product).patch(id, { price }))

export const resolvers = {
  DateTime: scalars.DateTime,
  Decimal: scalars.Decimal,
  JSON: scalars.JSON,
  Long: scalars.Long,
  ProductOrderField: orders,
  Direction: { ASC: 'asc', DESC: 'desc' },
  Query: { product, productBySku, products, newestProducts },
  // A mutation says which types it writes; start-up asks for that
  Mutation: {
    addReview: { extensions: { writes: only(Review) }, resolve: addReview },
    setPrice: { extensions: { writes: only(Product) }, resolve: setPrice },
  },
  Product: {
    // A field that the mapping does not have says which record paths it reads; start-up asks for that, too
    label: reading(Product, ['brand', 'name'], ({ brand, name }) => [brand, name].filter(Boolean).join(' ')),
    reviews: { extensions: { needs: [] }, resolve: reviewsOf },
  },
  Review: {
    product: reading(Review, ['productId'], ({ productId }, _, context, info) =>
      load(context, info, Product, productId),
    ),
  },
}
