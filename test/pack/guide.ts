/** What a reader of a guide does at one of its blocks. */
export type Step =
  | { readonly does: 'write'; readonly file: string; readonly text: string }
  | { readonly does: 'run'; readonly commands: string }
  | { readonly does: 'insert'; readonly collection: string; readonly documents: string }
  | { readonly does: 'ask'; readonly operation: string; readonly answer: unknown }

const block = /^```(\w*)\n([\s\S]*?)^```$/gm

/**
 * The steps of a guide in Markdown, in its order: files name themselves in their first line, documents have their
 * collection in the sentence before, and an operation is followed by its answer.
 *
 * @throws Error for a block that is none of these: nobody would notice when it is wrong.
 */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = []
  let operation: string | null = null
  let end = 0
  for (const { 0: all, 1: language, 2: text = '', index } of markdown.matchAll(block)) {
    const before = markdown.slice(end, index)
    end = index + all.length
    if (language === 'json' && operation !== null) {
      steps.push({ does: 'ask', operation, answer: JSON.parse(text) })
      operation = null
      continue
    }
    if (operation !== null) throw new Error(`No answer follows ${operation}`)
    const collection = /The collection `(\w+)`:\s*$/.exec(before)?.[1]
    const file = /^(?:\/\/|#) (\S+)\n/.exec(text)?.[1]
    if (language === 'graphql' && file) steps.push({ does: 'write', file, text })
    else if (language === 'graphql') operation = text
    else if (language === 'sh') steps.push({ does: 'run', commands: text })
    else if (language === 'json' && collection) steps.push({ does: 'insert', collection, documents: text })
    else if ((language === 'ts' || language === 'jsonc') && file) steps.push({ does: 'write', file, text })
    else throw new Error(`It is not said what to do with this block:\n${all}`)
  }
  if (operation !== null) throw new Error(`No answer follows ${operation}`)
  return steps
}
