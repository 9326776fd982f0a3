/** Who asks: a customer by his id, or somebody of the staff. */
export interface Viewer {
  readonly id: string
  readonly isStaff: boolean
}

declare module 'crossfade' {
  interface AppContext {
    /** Nobody known where it is left out. */
    readonly viewer?: Viewer
  }
}
