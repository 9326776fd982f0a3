import { expect, test } from 'vitest'
import { bytesInJson, byWeight, weigh } from '../../src/util/weigh.ts'

test('a value weighs about what it is as text: long texts, keys and bytes count', () => {
  expect(weigh('x'.repeat(1_000))).toBe(1_004)
  expect(weigh(new Uint8Array(1_000))).toBe(1_004)
  expect(weigh({ key: ['x'.repeat(100), null] })).toBe(8 + 7 + 8 + 104 + 8)
})

test.each<[text: string, bytes: number]>([
  ['', 0],
  ['plain ~', 7],
  ['"', 2],
  ['\\', 2],
  ['a\nb', 4],
  ['\u0001', 6],
  ['\u007f', 1],
  ['é', 2],
  ['€', 3],
  ['😀', 4],
  ['\ud83d', 6],
  ['x'.repeat(1_000), 1_000],
  ['\u0001'.repeat(1_000), 6_000],
])('%j has %i bytes in JSON', (text, bytes) => {
  expect(bytesInJson(text)).toBe(bytes)
})

test('of a text that has more bytes than enough the rest is not looked at', () => {
  expect(bytesInJson('\u0001'.repeat(1_000_000), 200_000)).toBe(294_912)
})

test('texts and keys count as one likes', () => {
  expect(weigh({ '\u0001': ['\u0001'] }, 1_000, bytesInJson)).toBe(8 + 10 + 8 + 10)
})

test('parts are as heavy as may be, and what is heavier than that is alone', () => {
  const [a, b, c, huge, d] = ['a'.repeat(36), 'b'.repeat(36), 'c'.repeat(36), 'h'.repeat(500), 'd']
  expect(byWeight([a, b, c, huge, d], 80)).toEqual([[a, b], [c], [huge], [d]])
  expect(byWeight([], 80)).toEqual([])
  expect(byWeight([], 80, 2)).toEqual([])
  expect(byWeight([a, b, c, d], 1_000, 2)).toEqual([
    [a, b],
    [c, d],
  ])
  expect(byWeight([d, d, huge, d], 80, 2)).toEqual([[d, d], [huge], [d]])
})
