/**
 * Each transaction of ours says that it keeps versions and notes by itself, until it ends. Whoever does not is told apart
 * by the triggers of the tables, which do it for him, or refuse what would be lost.
 */
export const announce = "set local crossfade.writer = 'crossfade'"

/** True for whoever has not announced himself, as PostgreSQL writes it. */
export const unannounced = "current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text"
