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
  'name type resolver kind path count firstAt lastAt closedAt closedWhy reopenedAt isBug assignee rule { name verdict until by why }'

/** What was last made of a group, in a word or two. */
export function stateOf({ closedAt, reopenedAt, isBug, rule }: Group): string {
  if (closedAt) return 'closed'
  if (rule) return `${rule.verdict} until ${rule.until.slice(0, 10)}`
  if (isBug) return 'bug'
  return reopenedAt ? 'came back' : 'open'
}
