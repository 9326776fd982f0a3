import { expect, test } from 'vitest'
import { loadSample } from '../../src/demo/sample.ts'
import { openStores } from '../support/stores.ts'

test('sample data with duplicates is loaded without the unique indexes that it does not allow', async () => {
  const { mongo, close } = await openStores([])
  try {
    const documents = ['a', 'a', 'b'].map((email, _id) => ({ _id, email, name: email + _id }))
    const indexes = [
      { keys: { email: 1 }, unique: true },
      { keys: { name: 1 }, unique: true },
    ] as const
    expect(await loadSample(mongo.connection, 'people', documents, indexes)).toEqual(['email'])
    const made = await mongo.connection.db.collection('people').indexes()
    expect(made.map(({ name }) => name).sort()).toEqual(['_id_', 'name_1'])
  } finally {
    await close()
  }
})
