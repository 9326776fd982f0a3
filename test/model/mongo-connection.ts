import { EventEmitter } from 'node:events'
import { BSON, type Document, MongoNetworkError } from 'mongodb'
import type { Entity } from '../../src/entity/entity.ts'
import type { MongoConnection } from '../../src/stores/mongo/connection.ts'
import { aggregate, copy, count, find, insert, type MongoState, remove, type Updated, update } from './mongo-server.ts'
import { ModelSession } from './mongo-session.ts'
import type { Network, Server } from './network.ts'

type Change = Document | Document[]
interface Options {
  readonly upsert?: boolean
  readonly sort?: Document
  readonly limit?: number
  readonly batchSize?: number
  /** Documents come as bytes. */
  readonly raw?: true
  /** Default: before. */
  readonly returnDocument?: 'before' | 'after'
  readonly session?: ModelSession
}
interface BulkUpdate {
  readonly updateOne: { readonly filter: Document; readonly update: Change }
}

/** Commands whose message may arrive twice: of the others the driver's retry sees to it that they count once. */
const guarded = new Set(['find', 'aggregate', 'update', 'delete', 'commitTransaction'])

const idText = (id: unknown): string => JSON.stringify(id)

/** The driver's door to a server of the model: what the stores call, one message a command. */
export function modelConnection(
  network: Network,
  server: Server<MongoState>,
  maxTimeMs: number,
  isControl: boolean,
): MongoConnection {
  const client = Object.assign(new EventEmitter(), { options: {} })
  const send = <T>(commandName: string, run: (state: MongoState) => T, isAlone = true): Promise<T> => {
    const isWrite = commandName !== 'find' && commandName !== 'aggregate'
    if (!server.down) client.emit('commandStarted', { commandName })
    return network.ask(server, {
      kind: isWrite ? 'write' : 'read',
      isControl,
      run,
      limitMs: maxTimeMs + 1_000,
      mayDouble: isAlone && guarded.has(commandName),
      refused: () => new MongoNetworkError('connection refused'),
      silent: () => new MongoNetworkError('no answer'),
    })
  }
  const call = <T>(commandName: string, run: (state: MongoState) => T, session?: ModelSession): Promise<T> =>
    session ? session.run(send, commandName, run) : send(commandName, run)
  Object.assign(client, {
    startSession: () => {
      const session = new ModelSession()
      return Object.assign(session, { commitTransaction: () => session.commit(send) })
    },
  })
  const given = (documents: readonly Document[], { raw }: Options): (Document | Uint8Array)[] =>
    documents.map((document) => (raw ? BSON.serialize(document) : document))
  const cursor = (run: () => Promise<Document[]>, options: Options) => ({
    toArray: async () => given(await run(), options),
    readBufferedDocuments: () => [],
    async *[Symbol.asyncIterator]() {
      yield* given(await run(), options)
    },
  })
  /** What is read a batch at a time, each by a message of its own; in the order of the ids. */
  const batches = (name: string, filter: Document, { batchSize, ...options }: Options) => {
    let last: string | null = null
    let read: Document[] = []
    return {
      async hasNext() {
        const from = last
        read = await call('find', (state) => {
          const behind = find(state, name, filter, options).filter(({ _id }) => from === null || idText(_id) > from)
          return behind.slice(0, batchSize)
        })
        last = read.length > 0 ? idText(read.at(-1)!['_id']) : last
        return read.length > 0
      },
      readBufferedDocuments: () => given(read, options),
      close: async () => undefined,
    }
  }
  const updated = async (name: string, filter: Document, change: Change, options?: Options): Promise<Updated> =>
    call('update', (state) => update(state, name, filter, change, options), options?.session)
  const collection = (name: string) => ({
    find: (filter: Document, options: Options = {}) => ({
      ...cursor(() => call('find', (state) => find(state, name, filter, options), options.session), options),
      ...batches(name, filter, options),
    }),
    findOne: async (filter: Document, options?: Options) =>
      (await call('find', (state) => find(state, name, filter, { ...options, limit: 1 }), options?.session))[0] ?? null,
    aggregate: (pipeline: Document[], options: Options = {}) =>
      cursor(() => call('aggregate', (state) => aggregate(state, name, pipeline)), options),
    countDocuments: (filter: Document) => call('aggregate', (state) => count(state, name, filter)),
    estimatedDocumentCount: () => call('aggregate', (state) => count(state, name, {})),
    insertOne: (document: Document, options?: Options) =>
      call('insert', (state) => insert(state, name, document), options?.session),
    /** As `ordered: false` has it: one that is refused keeps no other out. */
    insertMany: (documents: readonly Document[]) =>
      call('insert', (state) => {
        const errors: unknown[] = []
        for (const document of documents) {
          try {
            insert(state, name, document)
          } catch (error) {
            errors.push(error)
          }
        }
        if (errors.length > 0) throw errors[0]
      }),
    findOneAndDelete: (filter: Document, options?: Options) =>
      call(
        'findAndModify',
        (state) => {
          const [found = null] = find(state, name, filter, { limit: 1 })
          if (found) remove(state, name, { _id: found['_id'] })
          return found
        },
        options?.session,
      ),
    replaceOne: (filter: Document, document: Document, options?: Options) =>
      call(
        'update',
        (state) => update(state, name, filter, [{ $replaceWith: { $literal: document } }]),
        options?.session,
      ),
    deleteOne: async (filter: Document) => ({
      deletedCount: await call('delete', (state) => remove(state, name, filter)),
    }),
    updateOne: async (filter: Document, change: Change, options?: Options) => ({
      matchedCount: (await updated(name, filter, change, options)).matched ? 1 : 0,
    }),
    updateMany: (filter: Document, change: Change) =>
      call('update', (state) => {
        for (const { _id } of find(state, name, filter)) update(state, name, { _id }, change)
      }),
    findOneAndUpdate: async (filter: Document, change: Change, options?: Options) =>
      copy(
        (await call('findAndModify', (state) => update(state, name, filter, change, options), options?.session))[
          options?.returnDocument ?? 'before'
        ],
      ),
    bulkWrite: (changes: readonly BulkUpdate[]) =>
      call('update', (state) => {
        for (const { updateOne } of changes) update(state, name, updateOne.filter, updateOne.update)
      }),
  })
  const db = {
    collection,
    command: () => call('find', () => ({ localTime: new Date(), setName: 'model' })),
  }
  // Of the driver's interfaces what the stores use, and nothing else: a call that is not here throws
  const door = {
    client,
    db,
    maxTimeMs,
    collection: ({ mongo }: Entity) => collection(mongo),
    reads: ({ mongo }: Entity) => collection(mongo),
    takesWrites: () => !server.down,
    patient: () => door,
    close: async () => undefined,
  }
  return door as unknown as MongoConnection
}
