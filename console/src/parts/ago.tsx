import { ago } from './format.ts'

/** How long ago, and on pointing at it when. */
export const Ago = ({ at }: { readonly at: string | null }) =>
  at === null ? (
    <>–</>
  ) : (
    <time dateTime={at} title={at}>
      {ago(at)}
    </time>
  )
