import { kindOf } from '../codec/kinds.ts'
import type { Entity, Id } from '../entity/entity.ts'

/** The id of an argument in its canonical form. @throws BAD_USER_INPUT for one that cannot be an id of this entity. */
export function parseId({ idKind }: Pick<Entity, 'idKind'>, id: string | number): Id {
  if (idKind !== 'int') return kindOf(idKind).parse(String(id)) as Id
  // Number() would take "", " 1 " and "0x1", too
  const whole = typeof id === 'number' || /^-?\d{1,10}$/.test(id)
  return kindOf(idKind).parse(whole ? Number(id) : id) as Id
}
