/** Mean radius of the Earth in kilometres (IUGG, R₁). */
const radius = 6371.0088

const radians = (degrees: number): number => (degrees * Math.PI) / 180

/**
 * Great-circle distance in kilometres between two points in degrees. One formula for both stores, since theirs differ.
 * Source: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984).
 */
export function haversine(longitudeA: number, latitudeA: number, longitudeB: number, latitudeB: number): number {
  const sinLatitude = Math.sin(radians(latitudeB - latitudeA) / 2)
  const sinLongitude = Math.sin(radians(longitudeB - longitudeA) / 2)
  const a = sinLatitude ** 2 + Math.cos(radians(latitudeA)) * Math.cos(radians(latitudeB)) * sinLongitude ** 2
  return 2 * radius * Math.asin(Math.min(1, Math.sqrt(a)))
}
