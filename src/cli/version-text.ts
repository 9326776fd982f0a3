import { formatVersion, unversioned } from '../stores/version.ts'

const never = formatVersion(unversioned)

/** A version as people read it: that of a record which no gateway has written would look like a value. */
export const versionText = (version: string | null): string =>
  version === null ? 'none' : version === never ? 'never written' : version
