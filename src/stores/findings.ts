import type { Json } from '../util/json.ts'

export type MismatchKind = 'divergence' | 'missing' | 'extra' | 'order' | 'error' | 'timeout'

/** One difference that a shadow read found, redacted by the mapping. */
export interface Mismatch {
  /** Hash of type, resolver, kind and path: what makes two mismatches the same finding. */
  readonly fingerprint: string
  readonly type: string
  readonly resolver: string
  readonly kind: MismatchKind
  /** Record path, or empty where the whole result is meant. */
  readonly path: string
  readonly id: string | null
  readonly args: Json
  readonly control: Json
  readonly candidate: Json
  readonly controlVersion: string | null
  readonly candidateVersion: string | null
}

export interface MismatchGroup {
  readonly fingerprint: string
  readonly type: string
  readonly resolver: string
  readonly kind: MismatchKind
  readonly path: string
  readonly count: number
  readonly firstAt: Date
  readonly lastAt: Date
}

export interface MismatchExample {
  readonly id: string | null
  readonly at: Date
  readonly example: Json
}

/** Where mismatches are kept for QA: groups count everything, examples are capped. */
export interface Findings {
  add(mismatches: readonly Mismatch[]): Promise<void>
  /** Most frequent first. */
  groups(): Promise<readonly MismatchGroup[]>
  /** By fingerprint or an unambiguous beginning of one; null where there is none. */
  show(fingerprint: string): Promise<{ group: MismatchGroup; examples: readonly MismatchExample[] } | null>
  clear(): Promise<void>
}
