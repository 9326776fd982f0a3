/** Names of arguments that say how many records a page has, and nothing else. */
export const clearSizeNames: ReadonlySet<string> = new Set(
  'first last limit take pageSize page_size perPage per_page maxResults max_results'.split(' '),
)

/** The same with those that may say another thing as well, as the highest price or the size of a shoe. */
export const sizeNames: ReadonlySet<string> = new Set([...clearSizeNames, 'top', 'count', 'max', 'size'])

/** Those that say how many stand before it. */
export const offsetNames: ReadonlySet<string> = new Set(['offset', 'skip'])

/** Those that say which page it is. */
export const pageNames: ReadonlySet<string> = new Set(['page', 'pageNumber', 'page_number'])
