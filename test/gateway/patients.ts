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
  mutation,
  only,
  parseFilter,
  routed,
  text,
} from 'crossfade'
import { addFilterInputs, connectionType, createBuilder, entityType, listFilterInput } from 'crossfade/pothos'
import type { PatchInput } from '../../src/routing/writes.ts'

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
const filters = addFilterInputs(builder)
const PatientType = entityType(builder, Patient, { embeds: { visits: 'Visit' } })
const VisitFilter = builder.inputType('VisitFilter', {
  fields: (t) => ({
    room: t.field({ type: filters.StringFilter }),
    reason: t.field({ type: filters.StringFilter }),
  }),
})
const PatientFilter = builder.inputType('PatientFilter', {
  fields: (t) => ({
    surname: t.field({ type: filters.StringFilter }),
    ssn: t.field({ type: filters.IntFilter }),
    ward: t.field({ type: filters.StringFilter }),
    n: t.field({ type: filters.IntFilter }),
    blood: t.field({ type: filters.StringFilter }),
    visits: t.field({ type: listFilterInput(builder, 'VisitListFilter', VisitFilter) }),
  }),
})
const names = {
  surname: 'surname',
  ssn: 'ssn',
  ward: 'ward',
  n: 'n',
  blood: 'chart.blood',
  visits: { path: 'visits', members: { room: 'room', reason: 'reason' } },
}

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
      type: connectionType(builder, 'Patient', PatientType),
      nullable: false,
      args: {
        filter: t.arg({ type: PatientFilter }),
        by: t.arg.string(),
        first: t.arg.int({ defaultValue: 10 }),
        after: t.arg.string(),
      },
      resolve: (_, { filter, by, ...page }, context, info) => {
        const order = by ? [{ path: by, direction: 'asc' as const }] : []
        return loadConnection(context, info, Patient, parseFilter(Patient, names, filter), order, page)
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
      resolve: (_, { path, value }, context, info) => loadBy(context, info, Patient, path, value),
    }),
    wards: t.int({
      args: { by: t.arg.string({ required: true }) },
      resolve: async (_, { by }, context, info) => {
        const groups = await loadAggregate(context, info, Patient, {
          where: { op: 'gte', path: 'ssn', value: 123_456_789 },
          by: [by],
          measures: { highest: { op: 'max', path: 'ssn' }, many: { op: 'count' }, sum: { op: 'sum', path: 'ssn' } },
          having: [
            { measure: 'sum', op: 'gt', value: '123456780' },
            { measure: 'many', op: 'gte', value: '1' },
          ],
          order: [],
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
      args: { id: t.arg.int({ required: true }), body: t.arg.string({ required: true }) },
      resolve: mutation('write', only(Patient), (tx, { id, ...patch }: { id: number } & PatchInput) =>
        tx.of(Patient).patch(id, patch),
      ) as never,
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
