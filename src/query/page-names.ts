/** Names of arguments that say how many records a page has. */
export const sizeNames: ReadonlySet<string> = new Set(
  'first last limit take top count max size pageSize page_size perPage per_page maxResults max_results'.split(' '),
)

/** Those that say how many stand before it. */
export const offsetNames: ReadonlySet<string> = new Set(['offset', 'skip'])

/** Those that say which page it is. */
export const pageNames: ReadonlySet<string> = new Set(['page', 'pageNumber', 'page_number'])
