import type { AppContext } from 'crossfade'
import { refusal } from './refusal.ts'
import type { Viewer } from './viewer.ts'

/** @throws UNAUTHENTICATED where nobody is known. */
export function requireViewer({ viewer }: AppContext): Viewer {
  if (viewer) return viewer
  throw refusal('UNAUTHENTICATED', 'Log in first.')
}

/** @throws UNAUTHENTICATED, FORBIDDEN for customers. */
export function requireStaff(context: AppContext): Viewer {
  const viewer = requireViewer(context)
  if (viewer.isStaff) return viewer
  throw refusal('FORBIDDEN', 'This is for staff.')
}
