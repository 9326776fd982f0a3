const [bar, gap, height] = [4, 1, 20]

interface SparklineProps {
  /** One an hour, the oldest first. */
  readonly values: readonly number[]
  /** What they come to, in words: for those who do not see it, or point at it. */
  readonly says: string
}

/** A bar for each hour, the highest as high as there is room. */
export function Sparkline({ values, says }: SparklineProps) {
  const most = Math.max(...values)
  const bars = values.map((value, at) => {
    // What there is any of is to be seen
    const size = value === 0 ? 0 : Math.max(1, Math.round((value / most) * height))
    return size && `M${at * (bar + gap)} ${height}v${-size}h${bar}v${size}z`
  })
  return (
    <svg class="sparkline" viewBox={`0 0 ${values.length * (bar + gap)} ${height}`} role="img" aria-label={says}>
      <title>{says}</title>
      <path d={bars.filter(Boolean).join('')} />
    </svg>
  )
}
