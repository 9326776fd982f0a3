/** An answer but for what it says of its age: a fail-over may have given it, and a look may have been late. */
export function withoutAge(answer: string): string {
  const { extensions = {}, ...rest } = JSON.parse(answer) as { extensions?: Record<string, unknown> }
  const { crossfade, ...others } = extensions
  const said = Object.entries((crossfade ?? {}) as object).filter(([name]) => name !== 'stale')
  const left = { ...others, ...(said.length > 0 ? { crossfade: Object.fromEntries(said) } : {}) }
  return JSON.stringify({ ...rest, ...(Object.keys(left).length > 0 ? { extensions: left } : {}) })
}
