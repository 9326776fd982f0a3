import { expect, test } from 'vitest'
import { AllRecords, HeldRecords } from '../../src/routing/held-records.ts'

test('who asks for little finds room where others have what they may', () => {
  const all = new AllRecords(1_000_000)
  const [large, other, small] = [1, 2, 3].map(() => new HeldRecords(all)) as [HeldRecords, HeldRecords, HeldRecords]
  large.add(800_000)
  expect(() => other.add(100_001)).toThrow('limits.allRecordBytes')
  other.release()
  small.add(100_000)
  expect(() => small.add(1)).toThrow('limits.allRecordBytes')
  large.release()
  small.release()
  expect(all.bytes).toBe(0)
})

test('nobody takes more than all of it', () => {
  const all = new AllRecords(300_000)
  for (let n = 0; n < 3; n++) new HeldRecords(all).add(100_000)
  expect(() => new HeldRecords(all).add(1)).toThrow('limits.allRecordBytes')
})
