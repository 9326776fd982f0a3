import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { editsOf, mutants } from './mutants.ts'

const root = new URL('../../', import.meta.url)

test.each(mutants)('what the mutant "$name" takes out stands where it says, once', (mutant) => {
  for (const { file, from, to } of editsOf(mutant)) {
    expect(readFileSync(new URL(file, root), 'utf8').split(from)).toHaveLength(2)
    expect(to).not.toBe(from)
  }
})
