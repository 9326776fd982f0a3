import type { RuleVerdict } from '../compare/rules.ts'
import type { MismatchGroup } from './findings.ts'
import type { KeptRule } from './kept-rule.ts'

/** What somebody makes of a group: a `bug` stays open until it is mended, and the others make a rule. */
export type GroupVerdict = 'bug' | RuleVerdict

/** What was said of a group. */
export interface Note {
  readonly at: Date
  readonly by: string
  readonly act: GroupVerdict | 'dropped' | 'assigned' | 'comment' | 'closed'
  /** The reason, the comment, or the name of whom it was given to. */
  readonly text: string
  /** Of a rule. */
  readonly until: Date | null
}

/** What holds for longer is no exception any more. */
export const longestRuleMs = 366 * 86_400_000

/** A bug, or a rule until a time. */
export type Judgement = { readonly by: string; readonly why: string } & (
  | { readonly verdict: 'bug' }
  | {
      readonly verdict: RuleVerdict
      readonly until: Date
      /** For the group's resolver alone, where it might hold for all. */
      readonly isHereOnly: boolean
    }
)

/**
 * What people make of groups of mismatches, and the rules that come of it. Groups and rules are named by an unambiguous
 * beginning; null where there is none.
 */
export interface Triage {
  /** Takes the place of what was said before. A rule makes bugs of what it covers no more, and a bug ends rules. */
  judge(group: string, judgement: Judgement): Promise<MismatchGroup | null>
  assign(group: string, to: string, by: string): Promise<MismatchGroup | null>
  comment(group: string, text: string, by: string): Promise<MismatchGroup | null>
  /** Of a group, by its whole fingerprint; oldest first. */
  notes(fingerprint: string): Promise<readonly Note[]>
  /** Those that have ended too, the newest first. */
  rules(): Promise<readonly KeptRule[]>
  rulesInForce(): Promise<readonly KeptRule[]>
  /** Ends a rule before its time. */
  drop(rule: string, by: string, why: string): Promise<KeptRule | null>
}
