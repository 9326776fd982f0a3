/** A function of an object, whose answer is worked out once for each and kept as long as the object lives. */
export function onceFor<K extends WeakKey, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>()
  return (key) => {
    let entry = known.get(key)
    if (!entry) known.set(key, (entry = { value: make(key) }))
    return entry.value
  }
}
