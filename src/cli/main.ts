#!/usr/bin/env node
// Nothing is imported before: an older Node ends at the first import that it cannot read, without a word of why
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) {
  // Half of what a short command takes is reading code that has not changed since the last one
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  const { run } = await import('./program.ts')
  await run()
} else {
  process.stderr.write(`Crossfade needs Node 22.18 or newer; this is ${process.versions.node}.\n`)
  process.exitCode = 1
}
