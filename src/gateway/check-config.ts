import { z } from 'zod'
import type { GateSettings } from '../evidence/settings.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { CrossfadeConfig } from './config.ts'
import { limitsSchema } from './limits.ts'
import { problemsOf, strict, time, whole } from './strict.ts'

/** What is given as it is; what it holds is looked at elsewhere. */
const given = (isIt: (value: unknown) => boolean, what: string) =>
  z.custom(isIt, {
    error: ({ input }) => (input === undefined || input === null ? 'is missing' : `${what} is expected`),
  })

const object = given((value) => typeof value === 'object' && value !== null, 'an object')
const list = given(Array.isArray, 'a list')
const call = given((value) => typeof value === 'function', 'a function')
const isProvider = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'object' && value !== null && 'resolveStringEvaluation' in value)
const provider = given(isProvider, 'a provider of OpenFeature, or a function that makes one,')
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string')
const texts = given(isTexts, 'a list of texts')
const text = given((value) => typeof value === 'string', 'a text')

/** As browsers name a site: scheme, host and the port that is not the usual one, in small letters, and no path. */
function isSite(text: string): boolean {
  if (text === '*' || text === 'null') return true
  if (!URL.canParse(text) || text.includes('*')) return false
  const { origin } = new URL(text)
  // Apps have schemes of their own, of which URL knows no origin
  return origin === text || (origin === 'null' && /^[a-z][a-z\d+.-]*:\/\/[^/?#@\sA-Z]*$/.test(text))
}
const sites = given((value) => typeof value === 'string' || isTexts(value), 'a site, a list of sites or *').refine(
  (value) => [value as string | string[]].flat().every(isSite),
  {
    error: ({ input }) => {
      const none = [input as string | string[]].flat().filter((each) => !isSite(each))
      return `no browser names a site "${none.join('", "')}"; one is as https://shop.example, with neither path nor slash behind it`
    },
  },
)

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz'])
const path = given(
  (value) => typeof value === 'string' && /^(\/[\w.~-]+)+$/.test(value) && !healthPaths.has(value),
  'a path as /api/graphql, which is none of health,',
)

const percent = z.number('a number is expected').min(0, 'at least 0 is expected').max(100, 'at most 100 is expected')

const isAbove0 = (value: unknown): boolean => Number.isFinite(value) && (value as number) > 0
const isShare = (value: unknown): boolean => isAbove0(value) && (value as number) <= 100
const orNone = (isIt: (value: unknown) => boolean, what: string) =>
  z.custom((value) => value === false || isIt(value), { error: `${what}, or false, is expected` }).optional()
const isAsked = z.boolean('true or false is expected').optional()
const gates = {
  verifiedWithinHours: orNone(isAbove0, 'a number of hours'),
  comparisons: orNone((value) => isAbove0(value) && Number.isInteger(value), 'a whole number from 1 on'),
  decidedPercent: orNone(isShare, 'a number from 1 to 100'),
  coveragePercent: orNone(isShare, 'a number from 1 to 100'),
  latencyFactor: orNone(isAbove0, 'a number above 0'),
  indexes: isAsked,
  schema: isAsked,
  issues: isAsked,
  signOff: isAsked,
} satisfies Record<keyof GateSettings, unknown>

const holders = given(
  (value) => !Array.isArray(value),
  'people and groups are told apart: an object as { users: ["ada@example.org"], groups: ["staff"] }',
).pipe(strict({ users: texts.optional(), groups: texts.optional() }))

const config = strict({
  schema: object,
  entities: list,
  migrations: object,
  context: call.optional(),
  plugins: list.optional(),
  showError: call.optional(),
  path: path.optional(),
  subject: call.optional(),
  shadow: strict({
    concurrency: whole(1).optional(),
    queue: whole(0).optional(),
    timeoutMs: time().optional(),
    repeatPercent: percent.optional(),
  }).optional(),
  tellStale: z.boolean('true or false is expected').optional(),
  errorBudget: strict({
    percent: percent.optional(),
    errors: whole(1).optional(),
    windowMs: time().min(1_000, 'at least 1000 is expected').optional(),
  }).optional(),
  flags: strict({
    provider,
    prefix: z.string('a text is expected').min(1, 'a text is expected').optional(),
    intervalMs: time().min(500, 'at least 500 is expected').optional(),
  }).optional(),
  gates: strict({ ...gates, types: z.record(z.string(), strict(gates)).optional() }).optional(),
  limits: limitsSchema.optional(),
  record: strict({ percent: percent.optional(), maxBytes: whole(1_000_000).optional() }).optional(),
  retention: strict({ days: whole(1).max(36_500, 'at most 36500 is expected').optional() }).optional(),
  admin: strict({
    proxy: strict({
      addresses: texts,
      user: text.optional(),
      groups: text.optional(),
      roles: strict({ viewer: holders.optional(), qa: holders.optional(), operator: holders.optional() }),
    }).optional(),
  }).optional(),
  cors: strict({
    origin: sites,
    methods: texts.optional(),
    allowedHeaders: texts.optional(),
    exposedHeaders: texts.optional(),
    credentials: z.boolean('true or false is expected').optional(),
    maxAge: whole(0).optional(),
  }).optional(),
  demo: strict({
    generate: call,
    indexes: object.optional(),
    traffic: call,
    read: object,
    drift: object,
  }).optional(),
} satisfies Record<keyof CrossfadeConfig, unknown>)

/** @throws MISCONFIGURED that names each setting which does not fit, or is none. The gateway looks at schema and entities. */
export function checkConfig(file: string, loaded: unknown): asserts loaded is CrossfadeConfig {
  const { error } = config.safeParse(loaded)
  if (error) throw new CrossfadeError('MISCONFIGURED', `${file}: ${problemsOf(error)}`)
  const { entities, gates } = loaded as CrossfadeConfig
  const types = entities.map(({ name }) => name)
  for (const type of Object.keys(gates?.types ?? {})) {
    if (types.includes(type)) continue
    const hint = didYouMean(type, types)
    throw new CrossfadeError('MISCONFIGURED', `${file}: gates.types: there is no type ${type}${hint && `.${hint}`}`)
  }
}
