import {
  CrossfadeError,
  everything,
  type GatewayContext,
  independent,
  load,
  loadBy,
  loadChildren,
  loadConnection,
  loadMerged,
  type Narrow,
  only,
  parseFilter,
  parseId,
  reading,
  recordType,
  scalars,
  typed,
  write,
} from 'crossfade'
import type { GraphQLResolveInfo } from 'graphql'
import { Guide, Offer, Product, Review } from './entities.ts'

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

/** Both types of the collection in one order; what it resolves to says of each record which type it is of. */
const stories: Resolve<Page> = (_, page, context, info) =>
  loadMerged(context, info, [Guide, Offer], [{ path: 'publishedAt', direction: 'desc' }], page)

/** Of the types that it may be of, the resolver says which it has loaded. */
const highlight: Resolve<object, Narrow<typeof Product>> = async ({ id }, _, context, info) =>
  typed(Offer, await loadBy(context, info, Offer, 'productId', id)) ??
  typed(Guide, await loadBy(context, info, Guide, 'productId', id))

const productOf: Resolve<object, { readonly productId: string | null }> = ({ productId }, _, context, info) =>
  load(context, info, Product, productId)

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

interface OfferInput {
  readonly title: string
  readonly productId: string
  readonly price: string
  readonly until?: Date | null
}

const addOffer: Resolve<{ input: OfferInput }> = (_, { input }, context, info) => {
  const productId = parseId(Product, input.productId)
  // Its `kind` comes of itself
  return write(context, info, (tx) => tx.of(Offer).create({ ...input, productId, publishedAt: new Date() }))
}

const removeStory: Resolve<{ id: string }> = (_, { id }, context, info) =>
  // The id of a guide finds no offer
  write(context, info, async (tx) => (await tx.of(Offer).delete(id)) || (await tx.of(Guide).delete(id)))

export const resolvers = {
  DateTime: scalars.DateTime,
  Decimal: scalars.Decimal,
  JSON: scalars.JSON,
  Long: scalars.Long,
  ProductOrderField: orders,
  Direction: { ASC: 'asc', DESC: 'desc' },
  Query: {
    product,
    productBySku,
    products,
    newestProducts,
    // What a query costs is counted by both
    stories: { extensions: { page: { entities: [Guide, Offer] } }, resolve: stories },
  },
  Story: { __resolveType: recordType },
  Highlight: { __resolveType: recordType },
  // A mutation says which types it writes; start-up asks for that
  Mutation: {
    addReview: { extensions: { writes: only(Review) }, resolve: addReview },
    setPrice: { extensions: { writes: only(Product) }, resolve: setPrice },
    addOffer: { extensions: { writes: only(Offer) }, resolve: addOffer },
    removeStory: { extensions: { writes: independent(Offer, Guide) }, resolve: removeStory },
  },
  Product: {
    // A field that the mapping does not have says which record paths it reads; start-up asks for that, too
    label: reading(Product, ['brand', 'name'], ({ brand, name }) => [brand, name].filter(Boolean).join(' ')),
    reviews: { extensions: { needs: [] }, resolve: reviewsOf },
    highlight: { extensions: { needs: [] }, resolve: highlight },
  },
  Review: { product: reading(Review, ['productId'], productOf) },
  Guide: { product: reading(Guide, ['productId'], productOf) },
  Offer: { product: reading(Offer, ['productId'], productOf) },
}
