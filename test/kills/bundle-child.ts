import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

export interface Program {
  readonly file: string
  remove(): void
}

/** The child as one file: from its sources it takes six times as long to start, which is most of what a trial costs. */
export async function bundleChild(): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), 'crossfade-child-'))
  const file = join(directory, 'child.mjs')
  const bundle = await rolldown({
    input: new URL('./child.ts', import.meta.url).pathname,
    platform: 'node',
    resolve: { conditionNames: ['@crossfade/source', 'node'] },
  })
  await bundle.write({ file, format: 'esm' })
  await bundle.close()
  return { file, remove: () => rmSync(directory, { recursive: true }) }
}
