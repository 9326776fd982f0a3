import { expect, test } from 'vitest'
import { Admitted } from '../../src/routing/admitted.ts'

const entered = (admitted: Admitted, type: string, times: number): number =>
  Array.from({ length: times }, () => admitted.enter(type)).filter((isIn) => isIn).length

test('one type leaves others a fifth, who have all of it', () => {
  const admitted = new Admitted()
  expect(entered(admitted, 'Locked', 1_200)).toBe(800)
  expect(entered(admitted, 'Movie', 1_200)).toBe(200)
  expect(entered(admitted, 'User', 1)).toBe(0)
  admitted.leave('Movie')
  expect(entered(admitted, 'Locked', 1)).toBe(0)
  expect(entered(admitted, 'User', 2)).toBe(1)
  expect(admitted.count).toBe(1_000)
})

test('who is refused does not count', () => {
  const admitted = new Admitted()
  entered(admitted, 'Locked', 2_000)
  for (let n = 0; n < 800; n++) admitted.leave('Locked')
  expect(admitted.count).toBe(0)
  expect(entered(admitted, 'Locked', 1_000)).toBe(800)
})
