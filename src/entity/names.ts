/** Column or table name for a record path: `imdb.numReviews` becomes `imdb_num_reviews`. */
export function snakeCase(path: string): string {
  return path
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toLowerCase()
}
