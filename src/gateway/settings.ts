import { z } from 'zod'
import { CrossfadeError } from '../util/errors.ts'
import { checkUri } from '../util/store-uri.ts'

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'expected a whole number')
  .transform(Number)
  .refine((number) => number <= 65_535, 'expected at most 65535')

const environment = z.object({
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'expected mongodb://… or mongodb+srv://…')
    .optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgresql://…')
    .optional(),
  PORT: port.default(4000),
  HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: port.optional(),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PEERS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
    )
    .refine(
      (urls) => urls.every((url) => /^https?:\/\//.test(url) && URL.canParse(url)),
      'expected http://… or https://…, with commas between',
    ),
  ADMIN_TOKEN: z.string().min(1).optional(),
  NOTIFY_URL: z
    .string()
    .regex(/^https?:\/\//, 'expected https://… or http://…')
    .optional(),
  NOTIFY_SECRET: z.string().optional(),
  CROSSFADE_DATA_DIR: z.string().min(1).default('.crossfade'),
})

export type Settings = z.infer<typeof environment>

/** Settings from the environment. @throws MISCONFIGURED that names the variable and what was expected. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const parsed = environment.safeParse(env)
  if (parsed.success) {
    for (const setting of ['MONGODB_URI', 'DATABASE_URL'] as const) {
      const uri = parsed.data[setting]
      if (uri !== undefined) checkUri(setting, uri)
    }
    return parsed.data
  }
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new CrossfadeError('MISCONFIGURED', `The environment does not fit: ${problems.join('; ')}`)
}
