import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { SampleOperation } from '../../gateway/config.ts'
import { CrossfadeError } from '../../util/errors.ts'

const atATime = 8

const form = z.object({
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }).optional() })).optional(),
})

/** What a client is told to repeat, so often at most: the machine may be busy. */
const repeated = new Set(['UNAVAILABLE', 'TRY_AGAIN'])
const mostTimes = 5
const pauseMs = 1_000

async function sendOne(url: string, sample: SampleOperation, times = 1): Promise<void> {
  const { headers, ...operation } = sample
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-client-id': 'demo', ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(operation),
  })
  const { errors } = form.parse(await response.json())
  const code = errors?.[0]?.extensions?.code ?? ''
  if (repeated.has(code) && times < mostTimes) {
    await sleep(pauseMs)
    return sendOne(url, sample, times + 1)
  }
  if (errors)
    throw new CrossfadeError(
      'UNAVAILABLE',
      `${operation.operationName ?? 'An operation'} failed: ${errors[0]?.message}`,
    )
}

/** Sends operations as a client would, a few at a time. @throws where one is answered with an error. */
export async function send(url: string, operations: readonly SampleOperation[]): Promise<void> {
  const queue = [...operations]
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await sendOne(url, next)
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}
