import { registerHooks } from 'node:module'
import { mutants } from './mutants.ts'

const name = process.env['CROSSFADE_MUTANT'] ?? process.argv[process.argv.indexOf('--mutant') + 1]
const mutant = mutants.find((each) => each.name === name)
if (!mutant) throw new Error(`There is no mutant ${name}.`)
let isApplied = false

// Before Node takes the types out of the source, so that what is taken out is what stands there
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(`/${mutant.file}`)) return loaded
    const source = String(loaded.source)
    const parts = source.split(mutant.from)
    if (parts.length !== 2)
      throw new Error(`${mutant.name}: its text stands ${parts.length - 1} times in ${mutant.file}`)
    isApplied = true
    return { ...loaded, source: parts.join(mutant.to) }
  },
})

process.on('exit', () => {
  if (!isApplied) console.error(`${mutant.name}: ${mutant.file} was never loaded`)
})
