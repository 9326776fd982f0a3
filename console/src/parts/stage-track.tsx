const stages = ['off', 'dualwrite', 'shadow', 'live', 'rampdown', 'complete'] as const

/** How far a type has moved. */
export function StageTrack({ stage, target }: { readonly stage: string; readonly target: string | null }) {
  const at = (stages as readonly string[]).indexOf(stage)
  const words = target ? `${stage}, on its way to ${target}` : stage
  return (
    <span class="track">
      <span aria-hidden="true" class="dots">
        {stages.map((each, index) => (
          <span key={each} title={each} class={index === at ? 'dot now' : index < at ? 'dot past' : 'dot'} />
        ))}
      </span>
      {words}
    </span>
  )
}
