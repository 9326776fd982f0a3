/** Cycles of a graph, at least one for every knot, each as `a → b → a` from its first name; `a → a` is one too. */
export function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>()
  const done = new Set<string>()
  const path: string[] = []

  // Depth first meets at least one edge back in every knot of modules, so no knot goes unnamed.
  function visit(node: string): void {
    const start = path.indexOf(node)
    if (start >= 0) found.add(named(path.slice(start)))
    if (start >= 0 || done.has(node)) return
    path.push(node)
    for (const next of graph.get(node) ?? []) visit(next)
    path.pop()
    done.add(node)
  }

  for (const node of graph.keys()) visit(node)
  return [...found]
}

function named(knot: string[]): string {
  const first = knot.toSorted()[0] ?? ''
  const start = knot.indexOf(first)
  return [...knot.slice(start), ...knot.slice(0, start), first].join(' → ')
}
