import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { blocksOf, root } from './blocks.ts'

// What they do is shown by test/gateway/own-server
test('the servers of docs/own-server.md compile, in an app that is there', async () => {
  const folder = mkdtempSync(join(root, 'examples', 'sdl-first', '.servers-'))
  try {
    const programs = blocksOf('docs/own-server.md')
    for (const { text } of programs) writeFileSync(join(folder, /^\/\/ (\S+\.ts)\n/.exec(text)![1]!), text)
    const config = { extends: '../../../tsconfig.json', include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const { stdout } = await promisify(execFile)('tsc', ['-p', folder], { cwd: root }).catch((error) => error)
    expect(stdout).toBe('')
    expect(programs).toHaveLength(3)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
