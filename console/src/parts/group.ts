import { count } from './format.ts'

export interface Rule {
  readonly name: string
  readonly verdict: string
  readonly until: string
  readonly by: string
  readonly why: string
}

/** A group of differences, as lists and its own page show it. */
export interface Group {
  readonly name: string
  readonly type: string
  readonly resolver: string
  readonly kind: string
  readonly path: string
  readonly count: number
  /** Of each of the last 24 hours, the oldest first. */
  readonly recent: readonly number[]
  readonly firstAt: string
  readonly lastAt: string
  readonly closedAt: string | null
  readonly closedWhy: string | null
  readonly reopenedAt: string | null
  readonly isBug: boolean
  readonly assignee: string | null
  readonly rule: Rule | null
}

export const groupFields =
  'name type resolver kind path count recent firstAt lastAt closedAt closedWhy reopenedAt isBug assignee rule { name verdict until by why }'

/** `12 this hour, 240 in 24 hours`. */
export const recentInWords = ({ recent }: Pick<Group, 'recent'>): string =>
  `${count(recent.at(-1) ?? 0)} this hour, ${count(recent.reduce((sum, each) => sum + each, 0))} in ${recent.length} hours`

/** What was last made of a group, in a word or two. */
export function stateOf({ closedAt, reopenedAt, isBug, rule }: Group): string {
  if (closedAt) return 'closed'
  if (rule) return `${rule.verdict} until ${rule.until.slice(0, 10)}`
  if (isBug) return 'bug'
  return reopenedAt ? 'came back' : 'open'
}
