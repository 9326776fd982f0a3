import { buildSubgraphSchema } from '@apollo/subgraph'
import { addResolversToSchema } from '@graphql-tools/schema'
import {
  defineConfig,
  type Entity,
  type GatewayContext,
  load,
  loadChildren,
  type Narrow,
  only,
  reading,
  scalars,
  write,
} from 'crossfade'
import { type GraphQLResolveInfo, parse } from 'graphql'
import { Product, Review } from '../../../examples/sdl-first/entities.ts'

type Resolve<Parent, Args = object> = (
  parent: Parent,
  args: Args,
  context: GatewayContext,
  info: GraphQLResolveInfo,
) => unknown

const typeDefs = parse(/* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

  scalar Decimal

  type Query {
    product(id: ID!): Product
  }

  type Mutation {
    setPrice(id: ID!, price: Decimal!): Product
  }

  type Product @key(fields: "id") {
    id: ID!
    sku: String!
    label: String!
    price: Decimal
    reviews(first: Int): ReviewConnection!
  }

  type Review @key(fields: "id") {
    id: ID!
    stars: Int!
    product: Product
  }

  type ReviewConnection {
    nodes: [Review!]!
    totalCount: Int!
  }

  "Of another subgraph, which knows more of it."
  type Brand @key(fields: "name") {
    name: String!
    products: [Product!]!
  }
`)

/** What the router asks of a type by its key. */
const byId =
  (entity: Entity) =>
  ({ id }: { readonly id: string }, context: GatewayContext, info: GraphQLResolveInfo) =>
    load(context, info, entity, id)

const references = {
  Product: { __resolveReference: byId(Product) },
  Review: { __resolveReference: byId(Review) },
}

const product: Resolve<unknown, { id: string }> = (_, { id }, context, info) => load(context, info, Product, id)

const setPrice: Resolve<unknown, { id: string; price: string }> = (_, { id, price }, context, info) =>
  write(context, info, (tx) => tx.of(Product).patch(id, { price }))

const reviewsOf: Resolve<Narrow<typeof Product>, { first?: number }> = ({ id }, page, context, info) =>
  loadChildren(context, info, Review, 'productId', id, [{ path: 'stars', direction: 'desc' }], page)

const productsOf: Resolve<{ name: string }> = async ({ name }, _, context, info) => {
  const page = await loadChildren(context, info, Product, 'brand', name, [{ path: 'sku', direction: 'asc' }], {})
  return page.nodes()
}

const resolvers = {
  Decimal: scalars.Decimal,
  Query: { product },
  Mutation: { setPrice: { extensions: { writes: only(Product) }, resolve: setPrice } },
  Product: {
    label: reading(Product, ['brand', 'name'], ({ brand, name }) => [brand, name].filter(Boolean).join(' ')),
    reviews: { extensions: { needs: [] }, resolve: reviewsOf },
  },
  Review: {
    product: reading(Review, ['productId'], ({ productId }, _, context, info) =>
      load(context, info, Product, productId),
    ),
  },
  Brand: { products: productsOf },
}

// `buildSubgraphSchema` takes of a field's configuration its functions alone, and what it reads or writes is lost
const schema = addResolversToSchema({
  schema: buildSubgraphSchema([{ typeDefs, resolvers: references }]),
  resolvers,
})

export default defineConfig({ schema, entities: [Product, Review], migrations: {} })
