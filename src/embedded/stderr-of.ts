/** What a program that failed has said of it; empty where it said nothing, or never ran. */
export const stderrOf = (error: unknown): string =>
  error instanceof Error && 'stderr' in error ? String(error.stderr ?? '').trim() : ''
