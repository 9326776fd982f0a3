import { registerHooks } from 'node:module'
import { editsOf, mutants } from './mutants.ts'

const name = process.env['CROSSFADE_MUTANT'] ?? process.argv[process.argv.indexOf('--mutant') + 1]
const mutant = mutants.find((each) => each.name === name)
if (!mutant) throw new Error(`There is no mutant ${name}.`)
const edits = editsOf(mutant)
const applied = new Set<string>()

// Before Node takes the types out of the source, so that what is taken out is what stands there
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const own = edits.filter(({ file }) => url.endsWith(`/${file}`))
    if (own.length === 0) return loaded
    const source = own.reduce((text, { file, from, to }) => {
      const parts = text.split(from)
      if (parts.length !== 2) throw new Error(`${mutant.name}: its text stands ${parts.length - 1} times in ${file}`)
      applied.add(file)
      return parts.join(to)
    }, String(loaded.source))
    return { ...loaded, source }
  },
})

process.on('exit', () => {
  for (const { file } of edits) if (!applied.has(file)) console.error(`${mutant.name}: ${file} was never loaded`)
})
