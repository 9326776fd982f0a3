import { defineEntity, embed, enumeration, int, objectId, only, recordType, text, write } from 'crossfade'
import {
  connection,
  createBuilder,
  entityType,
  filterType,
  interfaceType,
  mergedConnection,
  newInput,
  orderType,
  patchInput,
  payloadType,
  record,
} from 'crossfade/pothos'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { STAGE_PLAN, stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

describe.each([
  ['a table of each', 'articles', 'adverts'],
  ['one table', 'contents', 'contents'],
])('With %s,', (_, articleTable, advertTable) => {
  /** A collection of articles and adverts, told apart by one stored field, as a team would have it. */
  const shared = { mongo: 'contents', id: objectId() } as const
  const kind = () => enumeration(['article', 'advert']).at('meta.kind')
  const Article = defineEntity('Article', {
    ...shared,
    postgres: articleTable,
    where: { kind: 'article' },
    fields: { kind: kind(), title: text().required(), words: int(), tone: enumeration(['calm', 'loud']) },
  })
  const Advert = defineEntity('Advert', {
    ...shared,
    postgres: advertTable,
    where: { kind: 'advert' },
    fields: { kind: kind(), title: text().required(), price: int(), tone: enumeration(['loud', 'shrill']) },
  })

  const builder = createBuilder()
  const Content = interfaceType(builder, 'Content', [Article, Advert], { fields: ['title'] })
  const ArticleType = entityType(builder, Article, { interfaces: [Content] })
  const AdvertType = entityType(builder, Advert, { interfaces: [Content] })
  const Piece = builder.unionType('Piece', { types: [ArticleType, AdvertType], resolveType: recordType })
  const titled = { title: true, tone: true } as const
  builder.queryType({
    fields: (t) => ({
      article: record(t, Article),
      advert: record(t, Advert),
      articles: connection(t, Article, {
        filter: filterType(builder, Article, titled),
        orderBy: orderType(builder, Article, { TITLE: 'title' }),
      }),
      adverts: connection(t, Advert),
      contents: mergedConnection(t, [Article, Advert], {
        type: Content,
        filter: filterType(builder, Article, titled, { name: 'ContentFilter' }),
        orderBy: orderType(builder, Article, { TITLE: 'title' }, { name: 'ContentOrder' }),
        max: 3,
      }),
      pieces: mergedConnection(t, [Article, Advert], { type: Piece }),
    }),
  })
  const Payload = payloadType(builder, Article, 'article')
  const NewArticle = newInput(builder, Article, ['kind', 'title', 'words'], { name: 'NewArticle' })
  const ArticlePatch = patchInput(builder, Article, ['kind', 'title', 'words'], { name: 'ArticlePatch' })
  builder.mutationType({
    fields: (t) => ({
      addArticle: t.field({
        type: Payload,
        nullable: false,
        extensions: { writes: only(Article) },
        args: { input: t.arg({ type: NewArticle, required: true }), id: t.arg.id() },
        resolve: (_, { input, id }, context, info) =>
          write(context, info, async (tx) => ({ article: await tx.of(Article).create(input, id ?? undefined) })),
      }),
      updateArticle: t.field({
        type: ArticleType,
        extensions: { writes: only(Article) },
        args: { id: t.arg.id({ required: true }), patch: t.arg({ type: ArticlePatch, required: true }) },
        resolve: (_, { id, patch }, context, info) => write(context, info, (tx) => tx.of(Article).patch(id, patch)),
      }),
      removeArticle: t.boolean({
        nullable: false,
        extensions: { writes: only(Article) },
        args: { id: t.arg.id({ required: true }) },
        resolve: (_, { id }, context, info) => write(context, info, (tx) => tx.of(Article).delete(id)),
      }),
    }),
  })

  const key = (n: number): string => n.toString(16).padStart(24, '0')
  const stored = (n: number, of: string, values: object) => ({
    _id: new ObjectId(key(n)),
    meta: { kind: of },
    ...values,
  })
  const articles = [
    stored(1, 'article', { title: 'b', words: 10, tone: 'calm' }),
    stored(3, 'article', { title: 'a', words: 30 }),
  ]
  const adverts = [
    stored(2, 'advert', { title: 'a', price: 2, tone: 'loud' }),
    stored(4, 'advert', { title: 'c', price: 4, tone: 'shrill' }),
  ]

  let api: SmallGateway
  beforeAll(async () => {
    const app = { schema: builder.toSchema(), entities: [Article, Advert], migrations: {} }
    api = await openAppGateway(
      app,
      new Map<Entity, readonly Document[]>([
        [Article, articles],
        [Advert, adverts],
      ]),
    )
  }, 60_000)
  afterAll(() => api?.close())

  const of = (data: object) => ({ data })
  const edges = (...ids: number[]) => ({ edges: ids.map((id) => ({ node: { id: key(id) } })) })
  const refused = (code: string, message: string) =>
    expect.objectContaining({ errors: [expect.objectContaining({ message, extensions: { code } })] })

  describe.each(stages)('Types of one collection, in %s', (stage) => {
    beforeAll(() => api.setStage(stage))
    /** On a busy machine a put is left to the sweep. */
    const mirrored = async (): Promise<void> => {
      if (stage === 'off' || stage === 'complete') return
      const different = async () => (await compareStores(api.stores, Article)).different
      await expect.poll(different, { timeout: 20_000 }).toEqual([])
    }

    test('are read apart, by id, in lists, orders, filters and counts', async () => {
      const asked = `{
      article(id: "${key(1)}") { kind title words } none: article(id: "${key(2)}") { title } advert(id: "${key(2)}") { kind price }
      articles { edges { node { id } } totalCount } adverts { edges { node { id } } totalCount }
      sorted: articles(orderBy: [{ field: TITLE }]) { edges { node { id } } }
      found: articles(filter: { title: { eq: "a" } }) { edges { node { id } } totalCount }
    }`
      expect(await api.ask(asked)).toEqual(
        of({
          article: { kind: 'article', title: 'b', words: 10 },
          none: null,
          advert: { kind: 'advert', price: 2 },
          articles: { ...edges(1, 3), totalCount: 2 },
          adverts: { ...edges(2, 4), totalCount: 2 },
          sorted: edges(3, 1),
          found: { ...edges(3), totalCount: 1 },
        }),
      )
    })

    test.each<[string, number[]]>([
      ['tone: { eq: "calm" }', [1]],
      ['tone: { ne: "calm" }', [2, 3, 4]],
      ['tone: { in: ["calm", "loud"] }', [1, 2]],
      ['tone: { notIn: ["calm", null] }', [2, 4]],
      ['or: [{ tone: { eq: "calm" } }, { title: { eq: "c" } }]', [1, 4]],
      ['tone: { eq: null }', [3]],
    ])('a value that one type lacks is one that none of its records has: %s', async (filter, found) => {
      const asked = `{ contents(filter: { ${filter} }) { totalCount edges { node { id } } } }`
      expect(await api.ask(asked)).toEqual(of({ contents: { totalCount: found.length, ...edges(...found) } }))
    })

    test('are read together', async () => {
      const asked = `{
      contents(orderBy: [{ field: TITLE }], first: 3) { totalCount edges { node { id title __typename ... on Advert { price } } } }
      found: contents(filter: { title: { eq: "a" } }) { totalCount edges { node { id } } }
      pieces { edges { node { ... on Article { title words } ... on Advert { price } } } }
    }`
      const node = (n: number, of: object) => ({ node: { id: key(n), ...of } })
      expect(await api.ask(asked)).toEqual(
        of({
          contents: {
            totalCount: 4,
            edges: [
              node(2, { title: 'a', __typename: 'Advert', price: 2 }),
              node(3, { title: 'a', __typename: 'Article' }),
              node(1, { title: 'b', __typename: 'Article' }),
            ],
          },
          found: { totalCount: 2, ...edges(2, 3) },
          pieces: {
            edges: [
              { node: { title: 'b', words: 10 } },
              { node: { price: 2 } },
              { node: { title: 'a', words: 30 } },
              { node: { price: 4 } },
            ],
          },
        }),
      )
      expect(await api.ask('{ contents(first: 4) { totalCount } }')).toEqual(
        refused('BAD_USER_INPUT', 'first must be between 0 and 3, got 4.'),
      )
    })

    test('a record is made with what tells its type, and keeps it', async () => {
      const add = 'mutation ($input: NewArticle!) { addArticle(input: $input) { article { id kind title } } }'
      const added = (await api.ask(add, { input: { title: 'new' } })) as {
        readonly data: { readonly addArticle: { readonly article: { readonly id: string } } }
      }
      const { article } = added.data.addArticle
      expect(article).toMatchObject({ kind: 'article', title: 'new' })
      const text = 'Article.kind is "article" in each Article.'
      expect(await api.ask(add, { input: { title: 'no', kind: 'advert' } })).toEqual(refused('BAD_USER_INPUT', text))
      const update =
        'mutation ($id: ID!, $patch: ArticlePatch!) { updateArticle(id: $id, patch: $patch) { title kind } }'
      expect(await api.ask(update, { id: article.id, patch: { title: 'newer', kind: 'article' } })).toEqual(
        of({ updateArticle: { title: 'newer', kind: 'article' } }),
      )
      expect(await api.ask(update, { id: article.id, patch: { kind: 'advert' } })).toEqual(
        refused('BAD_USER_INPUT', text),
      )
      await mirrored()
      expect(await api.ask(`mutation { removeArticle(id: "${article.id}") }`)).toEqual(of({ removeArticle: true }))
      await mirrored()
    })

    const add = 'mutation ($id: ID, $input: NewArticle!) { addArticle(id: $id, input: $input) { article { id } } }'

    test.runIf(articleTable === advertTable)('a record has no id that one of another type has', async () => {
      const asked = await api.ask(add, { id: key(2), input: { title: 'new' } })
      expect(asked).toMatchObject({ data: null, errors: [{ extensions: { code: 'CONFLICT' } }] })
    })

    test.runIf(STAGE_PLAN[stage].mirror === 'mongo')('nor one that MongoDB has for another document', async () => {
      const { mirror } = api.gateway.routing
      // Within the time of a reply, which a busy machine may need for itself
      const isTaken = vi.spyOn(mirror, 'isTaken').mockResolvedValue(true)
      onTestFinished(() => isTaken.mockRestore())
      const asked = await api.ask(add, { id: key(99), input: { title: 'new' } })
      expect(asked).toMatchObject({ data: null, errors: [{ extensions: { code: 'CONFLICT' } }] })
      expect(isTaken.mock.calls).toEqual([[Article, key(99), 'mongo']])
    })

    test('one type does not reach the records of another by their ids', async () => {
      const update = 'mutation ($id: ID!, $patch: ArticlePatch!) { updateArticle(id: $id, patch: $patch) { title } }'
      expect(await api.ask(update, { id: key(2), patch: { title: 'x' } })).toEqual(of({ updateArticle: null }))
      expect(await api.ask(`mutation { removeArticle(id: "${key(2)}") }`)).toEqual(of({ removeArticle: false }))
      expect(await api.ask(`{ advert(id: "${key(2)}") { title price } }`)).toEqual(
        of({ advert: { title: 'a', price: 2 } }),
      )
    })
  })

  test('a list of several types has fields that all of them have, of one kind', () => {
    const Poll = defineEntity('Poll', { mongo: 'polls', postgres: 'polls', id: objectId(), fields: { words: text() } })
    const own = createBuilder()
    for (const entity of [Article, Poll]) entityType(own, entity)
    const words = 'Article.words and Poll.words are of two kinds, int and text, and stand in no order.'
    own.queryType({
      fields: (t) => {
        const orderBy = orderType(own, Article, { WORDS: 'words' })
        const Text = interfaceType<typeof Article | typeof Poll>(own, 'Text', [Article, Poll])
        expect(() => mergedConnection(t, [Article, Poll], { type: Text, orderBy })).toThrow(words)
        return { any: t.boolean({ resolve: () => true }) }
      },
    })
    own.toSchema({})
    expect(() => interfaceType(own, 'Worded', [Article, Poll], { fields: ['words'] })).toThrow(
      'Worded.words is of one kind in Article and of another in Poll. Leave it out of `fields`.',
    )
  })

  test('an interface has no field for what is inside of an object', () => {
    const size = embed({ width: int() })
    const Crate = defineEntity('Crate', { mongo: 'crates', postgres: 'crates', id: objectId(), fields: { size } })
    // @ts-expect-error: not a field of the record itself
    expect(() => interfaceType(createBuilder(), 'Wide', [Crate], { fields: ['size.width'] })).toThrow(
      'Wide.size.width is inside of an object, and an interface shows fields of the record itself. Leave it out of `fields`.',
    )
  })
})
