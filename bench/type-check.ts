import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { say } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const few = 75
const many = 300
const runs = 5

/** A type as an app has it: 22 fields, two objects, a list of objects, filter, order, inputs, a list and a mutation. */
function source(index: number, of: number): string {
  const name = `Thing${index}`
  const next = `Thing${(index + 1) % of}`
  return `import { defineEntity, embed, float, increment, int, list, objectId, only, reading, text, timestamp, write } from 'crossfade'
import { children, connection, entityType, filterType, newInput, orderType, patchInput, payloadType, record } from 'crossfade/pothos'
import { builder } from './builder.ts'
import { ${next} } from './thing-${(index + 1) % of}.ts'

const score = { rating: float(), votes: int(), at: timestamp() }
export const ${name} = defineEntity('${name}', {
  mongo: 'things${index}', postgres: 'things${index}', id: objectId(),
  fields: {
    title: text().required(), plot: text(), kind: text(), note: text(), owner: text(), year: int(), size: int(), weight: float(),
    made: timestamp(), tags: list(text()), places: list(text()), count: int(),
    critics: embed(score), viewers: embed({ ...score, names: list(text()) }),
    parts: list(embed({ name: text(), pieces: int(), box: embed({ width: float(), height: float() }) })),
    otherId: objectId().references('${next}'),
  },
})
export const ${name}Type = entityType(builder, ${name}, {
  embeds: { critics: '${name}Critics', viewers: '${name}Viewers', parts: '${name}Part', 'parts.box': '${name}Box' }, omit: ['count'],
})
const filter = filterType(builder, ${name}, { title: true, year: true, rating: 'critics.rating', tags: true, parts: { path: 'parts', members: { name: true, width: 'box.width' } } })
const orderBy = orderType(builder, ${name}, { TITLE: 'title', YEAR: 'year', RATING: 'viewers.rating' })
const input = newInput(builder, ${name}, ['title', 'plot', 'year', 'tags'], { name: 'New${name}' })
const patch = patchInput(builder, ${name}, ['title', 'plot', 'year'], { name: '${name}Patch' })
const payload = payloadType(builder, ${name}, 'thing')
builder.objectFields(${name}Type, (t) => ({
  shown: t.string(reading(${name}, ['title', 'critics.rating'], ({ title, critics }) => \`\${title} \${critics?.rating}\`)),
  others: children(t, ${next}, { by: 'otherId', order: { made: 'desc' } }),
}))
builder.queryFields((t) => ({
  thing${index}: record(t, ${name}),
  things${index}: connection(t, ${name}, { filter, orderBy, defaultOrder: { YEAR: 'desc' } }),
}))
builder.mutationFields((t) => ({
  addThing${index}: t.field({
    type: payload, nullable: false, extensions: { writes: only(${name}) }, args: { input: t.arg({ type: input, required: true }) },
    resolve: (_, args, context, info) => write(context, info, async (tx) => ({ thing: await tx.of(${name}).create(args.input) })),
  }),
  changeThing${index}: t.field({
    type: payload, nullable: false, extensions: { writes: only(${name}) },
    args: { id: t.arg.id({ required: true }), patch: t.arg({ type: patch, required: true }) },
    resolve: (_, args, context, info) => write(context, info, async (tx) => {
      await tx.of(${name}).patch(args.id, { 'viewers.votes': increment(1) })
      return { thing: await tx.of(${name}).patch(args.id, args.patch) }
    }),
  }),
}))
`
}

const builder = `import 'crossfade'
import { createBuilder } from 'crossfade/pothos'
export const builder = createBuilder()
`

/** Seconds and megabytes that the compiler says it took for an app of so many types. */
async function compile(folder: string, types: number): Promise<{ seconds: number; megabytes: number }> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'builder.ts'), builder)
  for (let index = 0; index < types; index++) writeFileSync(join(folder, `thing-${index}.ts`), source(index, types))
  const config = { extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions: { types: [] } }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = await run('tsc', ['-p', folder, '--extendedDiagnostics'], { cwd: root }).catch((error) => {
    throw new Error(`The generated app does not compile:\n${(error as { stdout: string }).stdout}`)
  })
  const figure = (name: string): number => Number(new RegExp(`${name}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  return { seconds: figure('Total time'), megabytes: figure('Memory used') / 1024 }
}

/** What the compiler takes for one type more: in an app of 300 as much as in one of 75, where it grows in proportion. */
export async function typeCheck(only: string): Promise<Row[]> {
  const folder = mkdtempSync(join(root, 'bench', '.types-'))
  try {
    const seen = new Map<number, { seconds: number[]; megabytes: number[] }>()
    for (let round = 0; round < runs; round++) {
      for (const types of [0, few, many]) {
        const { seconds, megabytes } = await compile(folder, types)
        const all = seen.get(types) ?? { seconds: [], megabytes: [] }
        seen.set(types, all)
        all.seconds.push(seconds)
        all.megabytes.push(megabytes)
      }
    }
    const row = (what: 'seconds' | 'megabytes', name: string, unit: string, scale: number): Row[] => {
      const [none, some, all] = [0, few, many].map((types) => median(seen.get(types)![what])) as [
        number,
        number,
        number,
      ]
      say(`${name}: ${none.toFixed(2)} for none, ${some.toFixed(2)} for ${few} types, ${all.toFixed(2)} for ${many}`)
      const [baseline, ours] = [((some - none) / few) * scale, ((all - none) / many) * scale]
      const rounded = (value: number): number => Number(value.toFixed(2))
      const label = `${name} a type, of ${many} against ${few}`
      if (!label.includes(only)) return []
      return [
        {
          bench: 'type-check',
          case: label,
          baseline: rounded(baseline),
          ours: rounded(ours),
          unit,
          ratio: ours / baseline,
        },
      ]
    }
    return [...row('seconds', 'seconds', 'ms', 1000), ...row('megabytes', 'megabytes', 'MB', 1)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
