/**
 * A server provider of OpenFeature, by what is asked of it. In words of our own, since the declarations of its library do
 * not compile in every project, and a configuration would bring them in.
 */
export interface FlagProvider {
  readonly metadata: { readonly name: string }
  resolveStringEvaluation(
    key: string,
    usual: string,
    context: never,
    logger: never,
  ): Promise<{ readonly value: string }>
  resolveNumberEvaluation(
    key: string,
    usual: number,
    context: never,
    logger: never,
  ): Promise<{ readonly value: number }>
}

/** Where flags are asked for. */
export interface FlagsConfig {
  /** Any provider of OpenFeature, or what makes one. */
  readonly provider: FlagProvider | (() => FlagProvider | Promise<FlagProvider>)
  /** Begins the keys: `crossfade` in `crossfade.Movie.stage`, which is the default. */
  readonly prefix?: string
  /** Between two looks, in milliseconds; default 5,000. A provider that tells of changes is asked at once. */
  readonly intervalMs?: number
}
