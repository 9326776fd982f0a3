import { CrossfadeError, haversine, load, type Narrow, routed } from 'crossfade'
import { builder } from '../schema/builder.ts'
import { Theater, TheaterType } from '../schema/theater.ts'

interface Args {
  readonly longitude: number
  readonly latitude: number
  readonly maxKilometers: number
  readonly first?: number | null
}

type Candidate = {
  readonly id: string
  readonly longitude: number
  readonly latitude: number
}

type Near = {
  readonly id: string
  readonly kilometers: number
}

interface Box {
  readonly south: number
  readonly north: number
  /** One range of longitudes, or two across the date line. */
  readonly ranges: readonly (readonly [number, number])[]
}

const kilometersPerDegree = 111.1 // a little less than the Earth's, so that the box is never too small

function boxAround({ longitude, latitude, maxKilometers }: Args): Box {
  const reach = maxKilometers / kilometersPerDegree
  const south = latitude - reach
  const north = latitude + reach
  const widest = Math.cos((Math.min(90, Math.max(Math.abs(south), Math.abs(north))) * Math.PI) / 180)
  // Near a pole every longitude is close
  const width = south <= -90 || north >= 90 || widest < 1e-9 ? 180 : reach / widest
  if (width >= 180) return { south, north, ranges: [[-180, 180]] }
  const [west, east] = [longitude - width, longitude + width]
  if (west < -180)
    return {
      south,
      north,
      ranges: [
        [west + 360, 180],
        [-180, east],
      ],
    }
  if (east > 180)
    return {
      south,
      north,
      ranges: [
        [west, 180],
        [-180, east - 360],
      ],
    }
  return { south, north, ranges: [[west, east]] }
}

function check({ longitude, latitude, maxKilometers, first }: Args): void {
  const refuse = (text: string): never => {
    throw new CrossfadeError('BAD_USER_INPUT', text)
  }
  if (!(Math.abs(longitude) <= 180)) refuse(`longitude must be between -180 and 180, got ${longitude}.`)
  if (!(Math.abs(latitude) <= 90)) refuse(`latitude must be between -90 and 90, got ${latitude}.`)
  if (!(maxKilometers >= 0)) refuse(`maxKilometers must be at least 0, got ${maxKilometers}.`)
  if (first != null && (first < 0 || first > 100)) refuse(`first must be between 0 and 100, got ${first}.`)
}

const near = routed(Theater, {
  async mongo({ aggregate, value }, args: Args): Promise<Candidate[]> {
    check(args)
    const { south, north, ranges } = boxAround(args)
    const rows = await aggregate<{ _id: unknown; at: [number, number] }>(Theater, [
      { $project: { at: value(Theater, 'coordinates') } },
      {
        $match: {
          'at.1': { $gte: south, $lte: north },
          $or: ranges.map(([west, east]) => ({ 'at.0': { $gte: west, $lte: east } })),
        },
      },
    ])
    return rows.map(({ _id, at }) => ({ id: String(_id), longitude: at[0], latitude: at[1] }))
  },
  async postgres({ sql, run, from }, args: Args): Promise<Candidate[]> {
    check(args)
    const { south, north, ranges } = boxAround(args)
    const longitudes = ranges.map(([west, east]) => sql`t.coordinates[1] between ${west}::float8 and ${east}::float8`)
    const rows = await run<Candidate>(
      sql`select t.id, t.coordinates[1] as longitude, t.coordinates[2] as latitude from ${from(Theater)}
          where t.coordinates[2] between ${south}::float8 and ${north}::float8 and (${sql.join(longitudes, sql` or `)})`,
    )
    return [...rows]
  },
  finish: (candidates: Candidate[], { longitude, latitude, maxKilometers, first }: Args): Near[] =>
    candidates
      .map((each) => ({ id: each.id, kilometers: haversine(longitude, latitude, each.longitude, each.latitude) }))
      .filter(({ kilometers }) => kilometers <= maxKilometers)
      .sort((a, b) => a.kilometers - b.kilometers || (a.id < b.id ? -1 : 1))
      .slice(0, first ?? 10),
})

const TheaterDistance = builder.objectRef<Near & { theater: Narrow<typeof Theater> }>('TheaterDistance').implement({
  fields: (t) => ({
    theater: t.field({ type: TheaterType, nullable: false, resolve: ({ theater }) => theater }),
    kilometers: t.exposeFloat('kilometers', { nullable: false }),
  }),
})

builder.queryFields((t) => ({
  theatersNear: t.field({
    type: [TheaterDistance],
    nullable: false,
    args: {
      longitude: t.arg.float({ required: true }),
      latitude: t.arg.float({ required: true }),
      maxKilometers: t.arg.float({ required: true }),
      first: t.arg.int({ defaultValue: 10 }),
    },
    resolve: async (parent, args, context, info) => {
      const found = await near(parent, args, context, info)
      const theaters = await Promise.all(found.map(({ id }) => load(context, info, Theater, id, { at: 'theater' })))
      return found.flatMap((each, index) => {
        const theater = theaters[index]
        return theater ? [{ ...each, theater }] : [] // deleted since it was found
      })
    },
  }),
}))
