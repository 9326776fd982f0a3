import type { Plugin } from 'graphql-yoga'
import { isPlainObject } from '../util/json.ts'
import type { Limits } from './limits.ts'
import { onBegin } from './on-begin.ts'
import { type Refusals, whoAsks } from './refusals.ts'

/** Whether a value holds more objects and lists than that; looks at no more of it than it takes to tell. */
function holdsMore(value: unknown, most: number): boolean {
  const open: unknown[] = [value]
  const keep = (member: unknown): void => {
    if (typeof member === 'object') open.push(member)
  }
  let found = 0
  while (open.length > 0) {
    const each = open.pop()
    const isObject = isPlainObject(each)
    if (!isObject && !Array.isArray(each)) continue
    if (++found > most) return true
    // Not by Object.values, which takes three times as long where there are many
    if (isObject) for (const key in each) keep(each[key])
    else for (const member of each) keep(member)
  }
  return false
}

/**
 * Bounds the variables: of each object in an input every field of its type is looked for, which took a second for a body
 * full of empty ones. Literals are bounded by the document's tokens.
 */
export function inputLimit({ inputObjects }: Limits, refusals: Refusals): Plugin {
  const fact = `The variables hold more than ${inputObjects} objects and lists`
  return onBegin(({ args, setResultAndStopExecution }) => {
    const { document, operationName, variableValues } = args
    if (!variableValues || !holdsMore(variableValues, inputObjects)) return
    const who = whoAsks(document, operationName)
    const error = refusals.refuse([{ limit: 'inputObjects', asked: null, who, fact, advice: 'Send fewer at a time.' }])
    if (error) setResultAndStopExecution({ errors: [error] })
  })
}
