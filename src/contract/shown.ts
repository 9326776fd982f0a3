import type { Entity } from '../entity/entity.ts'
import type { Among } from '../resolve/among.ts'
import type { GatewayContext } from '../resolve/context.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'

type Condition<E extends Entity> = NonNullable<Among<E>['where']>

/** Which records a field shows. */
export interface Shown<E extends Entity = Entity> extends Pick<Among<E>, 'unscoped'> {
  /**
   * As loaders take it, or what says it for whoever asks, called once a request: `({ tenant }) => where(Jar, { tenant: { eq: tenant } })`.
   * `everything` shows all; a function that returns nothing is refused.
   */
  readonly where?: Condition<E> | ((context: GatewayContext) => Condition<E>)
}

/** What loaders take, by the request. */
export function shownTo<E extends Entity>({
  where,
  unscoped = false,
}: Shown<E>): (context: GatewayContext) => Among<E> {
  if (typeof where !== 'function') {
    const toAll = { ...(where ? { where } : {}), unscoped }
    return () => toAll
  }
  return onceFor((context: GatewayContext) => {
    const own: Condition<E> | undefined = where(context)
    if (own) return { where: own, unscoped }
    throw new CrossfadeError('MISCONFIGURED', 'A `where` by context returned nothing; return `everything` to show all.')
  })
}
