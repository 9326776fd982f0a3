import { readFileSync, writeFileSync } from 'node:fs'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './index.ts'

/** Compares the SDL that the code builds with the committed contract; `--write` commits what was built. */
const file = new URL('schema.graphql', import.meta.url)
const built = `${printSchema(lexicographicSortSchema(schema))}\n`

if (process.argv.includes('--write')) writeFileSync(file, built)
else if (readFileSync(file, 'utf8') !== built) {
  console.error('schema/schema.graphql is not what the code builds. Run `npm run sdl` and look at the difference.')
  process.exit(1)
}
