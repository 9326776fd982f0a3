import {
  defineEntity,
  embed,
  int,
  json,
  list,
  load,
  loadAggregate,
  loadBy,
  loadConnection,
  only,
  routed,
  text,
  write,
} from 'crossfade'
import { connectionType, createBuilder, entityType, filterType } from 'crossfade/pothos'

export const Patient = defineEntity('Patient', {
  mongo: 'patients',
  postgres: 'patients',
  id: int(),
  fields: {
    surname: text().sensitive(),
    ssn: int().sensitive(),
    body: text(),
    ward: text(),
    n: int(),
    visits: list(embed({ room: text(), reason: text().sensitive() })),
    chart: json({ blood: text() }).sensitive(),
  },
})

const builder = createBuilder()
const PatientType = entityType(builder, Patient, { embeds: { visits: 'Visit' } })
const PatientFilter = filterType(builder, Patient, {
  surname: true,
  ssn: true,
  ward: true,
  n: true,
  blood: 'chart.blood',
  visits: { path: 'visits', members: { room: true, reason: true } },
})

const bySurname = routed(Patient, {
  mongo: async ({ aggregate, match }, { surname }: { surname: string; n: number }) => {
    const where = { op: 'eq', path: 'surname', value: surname } as const
    return (await aggregate<{ _id: number }>(Patient, [{ $match: match(Patient, where) }])).map(({ _id }) =>
      String(_id),
    )
  },
  postgres: async ({ run, sql, from, match }, { surname }) => {
    const where = match(Patient, { op: 'eq', path: 'surname', value: surname })
    return (await run<{ id: number }>(sql`select t.id from ${from(Patient)} where ${where}`)).map(({ id }) =>
      String(id),
    )
  },
  finish: (ids) => ids,
})

builder.queryType({
  fields: (t) => ({
    patients: t.field({
      type: connectionType(builder, Patient),
      nullable: false,
      args: {
        filter: t.arg({ type: PatientFilter }),
        by: t.arg.string(),
        first: t.arg.int({ defaultValue: 10 }),
        after: t.arg.string(),
      },
      resolve: (_, { filter, by, ...page }, context, info) => {
        // A client names the path: what the types forbid is what these tests are about
        const order = by ? [{ path: by as 'n', direction: 'asc' as const }] : []
        return loadConnection(context, info, Patient, PatientFilter.parse(filter), order, page)
      },
    }),
    patient: t.field({
      type: PatientType,
      args: { id: t.arg.int({ required: true }) },
      resolve: (_, { id }, context, info) => load(context, info, Patient, id),
    }),
    patientBy: t.field({
      type: PatientType,
      args: { path: t.arg.string({ required: true }), value: t.arg.string({ required: true }) },
      resolve: (_, { path, value }, context, info) => loadBy(context, info, Patient, path as 'surname', value),
    }),
    wards: t.int({
      args: { by: t.arg.string({ required: true }) },
      resolve: async (_, { by }, context, info) => {
        const groups = await loadAggregate(context, info, Patient, {
          where: { op: 'gte', path: 'ssn', value: 123_456_789 },
          by: [by as 'ward'],
          measures: { highest: { op: 'max', path: 'ssn' }, many: { op: 'count' }, sum: { op: 'sum', path: 'ssn' } },
          having: [
            { measure: 'sum', op: 'gt', value: '123456780' },
            { measure: 'many', op: 'gte', value: '1' },
          ],
          limit: 10,
        })
        return groups.length
      },
    }),
    named: t.stringList({
      args: { surname: t.arg.string({ required: true }), n: t.arg.int({ required: true }) },
      resolve: bySurname as never,
    }),
  }),
})
builder.mutationType({
  fields: (t) => ({
    write: t.field({
      type: PatientType,
      extensions: { writes: only(Patient) },
      args: { id: t.arg.int({ required: true }), body: t.arg.string({ required: true }) },
      resolve: (_, { id, body }, context, info) => write(context, info, (tx) => tx.of(Patient).patch(id, { body })),
    }),
  }),
})

export const schema = builder.toSchema()

/** Twelve of them. */
export const patients = Array.from({ length: 12 }, (_, index) => ({
  _id: index + 1,
  surname: index === 0 ? 'OBRIEN' : `NAME${index}`,
  ssn: 123_456_789 + index,
  body: `body ${index + 1}`,
  ward: index % 2 === 0 ? 'EAST' : 'west',
  n: index,
  visits: [{ room: 'R1', reason: 'FLU' }],
  chart: { blood: 'AB' },
}))
