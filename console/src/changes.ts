import { send } from './ask.ts'

/** What the gateway tells of as a whole, see its contract. */
export type Topic = 'types' | 'mismatches' | 'outbox' | 'jobs' | 'history'

const topics: readonly Topic[] = ['types', 'mismatches', 'outbox', 'jobs', 'history']

const query = 'subscription ($topics: [Topic!]!) { changed(topics: $topics) }'

/** Behind a stream that broke; one that has come to its end is asked for again sooner. */
const waitsMs = { broken: 5_000, ended: 500 }

const listeners = new Set<{ readonly topics: readonly Topic[]; readonly changed: () => void }>()
let isOpen = false

/** Whether changes are told at the moment, so that nobody needs to ask. */
export const isTold = (): boolean => isOpen

/** Calls back when one of the topics has changed. @returns what ends that. */
export function onChange(of: readonly Topic[], changed: () => void): () => void {
  const listener = { topics: of, changed }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** @returns whether it is told on: a gateway that has too many listeners says so, and ends. */
function tell(block: string): boolean {
  const data = /^data: ?(.+)$/m.exec(block)?.[1]
  if (!data) return true // it only says that it is there
  const topic: Topic | undefined = JSON.parse(data).data?.changed
  for (const listener of listeners) if (topic && listener.topics.includes(topic)) listener.changed()
  return topic !== undefined
}

/** Until it ends. @returns whether it came to an end of its own. */
async function listen(signal: AbortSignal): Promise<boolean> {
  const response = await send(query, { topics }, { accept: 'text/event-stream', signal })
  if (!response.ok || !response.body) return false
  let text = ''
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const blocks = (text + read.value).split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) if (!tell(block)) return false
    isOpen = true
  }
  return true
}

/** Listens, again and again. @returns what ends it. */
export function startChanges(): () => void {
  const ended = new AbortController()
  const { signal } = ended
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const isWhole = await listen(signal).catch(() => false)
      isOpen = false
      await new Promise((done) => setTimeout(done, isWhole ? waitsMs.ended : waitsMs.broken))
    }
  }
  void run()
  return () => ended.abort()
}
