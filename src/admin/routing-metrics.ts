import type { Entity } from '../entity/entity.ts'
import type { Routing } from '../routing/routing.ts'
import { verdicts } from '../shadow/statistics.ts'
import { origins } from '../util/origin.ts'
import type { Sampled } from './metrics.ts'

type Value = readonly [of: readonly string[], value: number]

const counts = (of: ReadonlyMap<string, number>): Value[] => [...of].map(([type, count]) => [[type], count])

/** What routing, shadow, mirror and stores know of themselves, as metrics. */
export function routingMetrics(routing: Routing): readonly Sampled[] {
  const { entities, flags, shadow, sweeper, failOvers, breakers, killSwitch, stores } = routing
  /** Those whose flags are known by now: a store may have been down when the gateway started. */
  const types = (): Entity[] => entities.filter(({ name }) => flags.has(name))
  const perType = (value: (entity: Entity) => number): (() => Value[]) => {
    return () => types().map((entity) => [[entity.name], value(entity)])
  }
  const owing = (): [string, { count: number; oldestMs: number }][] =>
    types().flatMap(({ name }) => {
      const backlog = sweeper.backlog(name)
      return backlog ? [[name, backlog]] : []
    })
  return [
    {
      name: 'crossfade_stage',
      help: '1 for the stage that a type has.',
      kind: 'gauge',
      labels: ['type', 'stage'],
      values: () => types().map(({ name }) => [[name, flags.get(name).stage], 1]),
    },
    {
      name: 'crossfade_killed',
      help: '1 where the kill switch of a type is on.',
      kind: 'gauge',
      labels: ['type'],
      values: perType(({ name }) => Number(killSwitch.isOn(name))),
    },
    {
      name: 'crossfade_store_up',
      help: '0 where a store does not answer the gateway.',
      kind: 'gauge',
      labels: ['store'],
      values: () => origins.map((origin) => [[origin], Number(!flags.isDown(origin))]),
    },
    {
      name: 'crossfade_comparisons_total',
      help: 'Reads that were compared, by how that ended.',
      kind: 'counter',
      labels: ['type', 'verdict'],
      values: () =>
        types().flatMap(({ name }) => {
          const statistics = shadow.statistics.of(name)
          return verdicts.map((verdict): Value => [[name, verdict], statistics[verdict]])
        }),
    },
    {
      name: 'crossfade_not_compared_total',
      help: 'Sampled reads that were not compared: the budget was used up, or a store gave no answer.',
      kind: 'counter',
      labels: ['type', 'reason'],
      values: () =>
        types().flatMap(({ name }): Value[] => {
          const { shed, outages } = shadow.statistics.of(name)
          return [
            [[name, 'shed'], shed],
            [[name, 'outage'], outages],
          ]
        }),
    },
    {
      name: 'crossfade_fail_overs_total',
      help: 'Reads that the other store answered.',
      kind: 'counter',
      labels: ['type'],
      values: () => counts(failOvers.count),
    },
    {
      name: 'crossfade_stale_answers_total',
      help: 'Requests whose answers may be stale, and say so unless tellStale is false.',
      kind: 'counter',
      labels: ['type'],
      values: () => counts(failOvers.staleCount),
    },
    {
      name: 'crossfade_owed_records',
      help: 'Records that the mirror is owed, as the sweep has last seen.',
      kind: 'gauge',
      labels: ['type'],
      values: () => owing().map(([type, { count }]) => [[type], count]),
    },
    {
      name: 'crossfade_owed_oldest_seconds',
      help: 'For how long the mirror has been owed the oldest of them.',
      kind: 'gauge',
      labels: ['type'],
      values: () => owing().map(([type, { oldestMs }]) => [[type], oldestMs / 1_000]),
    },
    {
      name: 'crossfade_sweep_paused',
      help: '1 where the last round over what is owed could not be made in whole.',
      kind: 'gauge',
      labels: [],
      values: () => [[[], Number(sweeper.isPausing)]],
    },
    {
      name: 'crossfade_read_breaker_open',
      help: '1 where reads of a type leave a store that fails them again and again.',
      kind: 'gauge',
      labels: ['type', 'store'],
      values: () =>
        types().flatMap(({ name }) =>
          origins.map((origin): Value => [[name, origin], Number(breakers.isOpen(name, origin))]),
        ),
    },
    {
      name: 'crossfade_pool_connections',
      help: 'Connections by store and pool.',
      kind: 'gauge',
      labels: ['store', 'pool', 'state'],
      values: () =>
        origins.flatMap((origin) =>
          stores[origin].pools().flatMap(({ name, taken, idle }): Value[] => [
            [[origin, name, 'taken'], taken],
            [[origin, name, 'idle'], idle],
          ]),
        ),
    },
    {
      name: 'crossfade_pool_waiting',
      help: 'Calls that wait for a connection.',
      kind: 'gauge',
      labels: ['store', 'pool'],
      values: () =>
        origins.flatMap((origin) => stores[origin].pools().map(({ name, waiting }) => [[origin, name], waiting])),
    },
  ]
}
