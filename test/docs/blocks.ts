import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** One fenced block of a document. */
export interface Block {
  readonly document: string
  readonly line: number
  readonly language: string
  readonly text: string
}

/** Guides that the pack test follows from their beginning to their end, and pages whose programs have tests of their own. */
const followed = new Set(['docs/getting-started.md', 'docs/adding-a-type.md', 'docs/jobs.md', 'docs/own-server.md'])

const fence = /^([ ]*)```(\w*)\n([\s\S]*?)^\1```$/gm

export function blocksOf(document: string): Block[] {
  const markdown = readFileSync(join(root, document), 'utf8')
  return [...markdown.matchAll(fence)].map(({ 1: indent = '', 2: language = '', 3: text = '', index }) => ({
    document,
    line: markdown.slice(0, index).split('\n').length,
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** Every block of every document that no guide's test runs. */
export const blocks: readonly Block[] = globSync(['*.md', 'docs/*.md', 'examples/*/*.md'], { cwd: root })
  .filter((document) => !followed.has(document))
  .sort()
  .flatMap(blocksOf)
