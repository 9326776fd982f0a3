import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everything, nothing, type Where } from '../../src/query/where.ts'
import type { TestStores } from '../support/stores.ts'
import { found, openFleet } from './fleet.ts'
import { owner, Vessel, type VesselName, vesselId, vesselNames } from './vessel.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openFleet()
})

afterAll(() => stores.close())

const all = [...vesselNames]
const allBut = (...names: VesselName[]): VesselName[] => all.filter((name) => !names.includes(name))

const eq = (path: string, value: unknown, insensitive = false): Where => ({ op: 'eq', path, value, insensitive })
const not = (of: Where): Where => ({ op: 'not', of })
const lt = (path: string, value: unknown): Where => ({ op: 'lt', path, value })
const lte = (path: string, value: unknown): Where => ({ op: 'lte', path, value })
const gt = (path: string, value: unknown): Where => ({ op: 'gt', path, value })
const gte = (path: string, value: unknown): Where => ({ op: 'gte', path, value })
const among = (path: string, ...values: unknown[]): Where => ({ op: 'in', path, values })
const has = (path: string, need: 'some' | 'every', ...values: unknown[]): Where => ({ op: 'has', path, values, need })
const isEmpty = (path: string, value: boolean): Where => ({ op: 'isEmpty', path, value })
const and = (...of: Where[]): Where => ({ op: 'and', of })
const or = (...of: Where[]): Where => ({ op: 'or', of })

const launched = new Date('1990-05-01T12:30:00.123Z')

/** What each condition finds, in id order. */
const cases: readonly (readonly [title: string, where: Where, names: readonly VesselName[]])[] = [
  ['everything is found by no condition', everything, all],
  ['nothing is found by an empty or', nothing, []],
  ['not everything is nothing', not(everything), []],
  ['not nothing is everything', not(nothing), all],
  ['an and inside an empty and is still everything', and(and(), and()), all],
  ['an or with an empty and in it is everything', or(and(), eq('crew', 12)), all],

  ['eq finds text', eq('name', 'Aurora'), ['aurora']],
  ['eq tells upper from lower case', eq('callSign', 'AB1'), ['aurora']],
  ['eq does not look into arrays', eq('name', 'Grebe'), []],
  ['eq null finds null, missing and dirty text', eq('name', null), ['fulmar', 'grebe', 'kite']],
  ['a value that the converter means as null is null', eq('callSign', ''), []],
  ['so is another one', eq('callSign', 'n/a'), []],
  [
    'eq null finds what the converter means as null',
    eq('callSign', null),
    ['bounty', 'comet', 'delta', 'echo', 'fulmar', 'grebe', 'heron'],
  ],
  ['eq 0 finds no null', eq('crew', 0), ['merlin']],
  ['eq finds whole numbers of any stored type but decimals', eq('crew', 12), ['aurora', 'kite']],
  ['not eq finds nulls', not(eq('crew', 12)), allBut('aurora', 'kite')],
  ['not eq null finds values', not(eq('crew', null)), ['aurora', 'kite', 'merlin']],
  ['double negation changes nothing', not(not(eq('crew', 12))), ['aurora', 'kite']],
  ['the prefix of text is a number', eq('built', 1995), ['heron']],
  ['a negative prefix is a number', eq('built', -20), ['jackdaw']],
  ['doubles that are whole are ints', eq('built', 1990), ['aurora', 'kite']],
  ['nullIf comes before the prefix', eq('built', 0), []],
  ['eq finds doubles', eq('draught', 6.5), ['aurora']],
  ['minus zero is zero', eq('draught', 0), ['jackdaw']],
  ['a long past 2^53 is not its nearest double', eq('draught', 2 ** 60), []],
  ['a nearby huge double is found', eq('draught', 1e300), ['merlin']],
  [
    'NaN and Infinity are null',
    eq('draught', null),
    ['bounty', 'comet', 'delta', 'echo', 'fulmar', 'grebe', 'heron', 'ibis', 'kite', 'lark'],
  ],
  ['eq true', eq('active', true), ['aurora']],
  ['eq false finds no false that means null', eq('active', false), []],
  ['eq finds instants to the millisecond', eq('launched', launched), ['aurora']],
  ['eq finds instants before 1970', eq('launched', new Date('1903-12-01T00:00:00Z')), ['ibis']],
  ['eq misses an instant one millisecond away', eq('launched', new Date(launched.getTime() + 1)), []],
  ['eq finds object ids, not their text', eq('owner', owner), ['aurora']],
  ['eq finds a path of another name', eq('seen', new Date('2020-01-02T03:04:05.678Z')), ['aurora', 'lark']],
  ['eq null under parents of every sort', eq('seen', null), allBut('aurora', 'lark')],
  ['eq finds ids', eq('id', vesselId('echo')), ['echo']],
  ['no id is null', eq('id', null), []],

  ['lt leaves out nulls', lt('crew', 100), ['aurora', 'kite', 'merlin']],
  ['gt leaves out nulls and other types', gt('crew', -100), ['aurora', 'kite', 'merlin']],
  ['lt null is nothing', lt('crew', null), []],
  ['gte null is nothing', gte('crew', null), []],
  ['not lt null is everything', not(lt('crew', null)), all],
  ['lt leaves out its bound', lt('crew', 12), ['merlin']],
  ['lte takes in its bound', lte('crew', 12), ['aurora', 'kite', 'merlin']],
  ['gte takes in its bound', gte('crew', 12), ['aurora', 'kite']],
  ['gt leaves out its bound', gt('crew', 12), []],
  ['not gt takes in nulls', not(gt('crew', 0)), allBut('aurora', 'kite')],
  ['ranges see converted numbers', gte('built', 1991), ['heron']],
  ['ranges see negative numbers', lt('built', 0), ['jackdaw']],
  ['ranges leave out NaN, Infinity, decimals and huge longs', gte('draught', 0), ['aurora', 'jackdaw', 'merlin']],
  ['and from the other side', lte('draught', 1e308), ['aurora', 'jackdaw', 'merlin']],
  ['text is ordered by code point', gt('name', 'Heron'), ['ibis', 'jackdaw', 'lark', 'merlin']],
  ['ranges of converted text', gte('callSign', 'Z'), ['ibis', 'jackdaw']],
  ['instants before 1970 are in order', lt('launched', new Date(0)), ['ibis', 'jackdaw']],
  ['and after', gte('launched', new Date(-1)), ['aurora', 'jackdaw']],
  ['ranges of ids', gt('id', vesselId('kite')), ['lark', 'merlin']],
  ['ranges of object ids', gte('owner', owner), ['aurora']],
  ['ranges of booleans', gte('active', false), ['aurora']],

  ['in nothing is nothing', among('crew'), []],
  ['not in nothing is everything', not(among('crew')), all],
  ['in finds any of its values', among('crew', 0, 12, 99), ['aurora', 'kite', 'merlin']],
  ['in with null finds nulls too', among('crew', 0, null), allBut('aurora', 'kite')],
  ['in only null', among('name', null), ['fulmar', 'grebe', 'kite']],
  ['not in with null leaves out nulls', not(among('crew', 0, null)), ['aurora', 'kite']],
  ['not in without null takes in nulls', not(among('crew', 0)), allBut('merlin')],
  ['in of converted values', among('callSign', 'AB1', '', 'Z'), ['aurora', 'jackdaw']],
  ['in of converted values with null', among('built', 1995, null, 1990), allBut('jackdaw')],
  ['in of doubles finds no decimals', among('draught', 6.5, 0), ['aurora', 'jackdaw']],
  ['in of ids', among('id', vesselId('lark'), vesselId('aurora')), ['aurora', 'lark']],
  ['in of instants', among('launched', launched, new Date(-1)), ['aurora', 'jackdaw']],

  ['and takes what all take', and(eq('crew', 12), eq('built', 1990), not(eq('name', null))), ['aurora']],
  ['two conditions on one path both hold', and(gt('crew', 0), lt('crew', 13)), ['aurora', 'kite']],
  ['or takes what any takes', or(eq('crew', 0), eq('crew', 12)), ['aurora', 'kite', 'merlin']],
  ['or inside and', and(or(eq('crew', 0), eq('crew', 12)), or(eq('name', 'Merlin'), eq('name', 'x'))), ['merlin']],
  ['not of and', not(and(eq('crew', 12), eq('name', 'Aurora'))), allBut('aurora')],
  ['not of or', not(or(eq('crew', 12), eq('crew', null))), ['merlin']],

  ['embedded paths', eq('engine.power', 900), ['aurora', 'jackdaw']],
  ['embedded paths two deep', eq('engine.fuel.kind', 'diesel'), ['aurora']],
  ['the empty string is no null', eq('engine.fuel.kind', ''), ['jackdaw']],
  ['eq null under null parents', eq('engine.fuel.kind', null), allBut('aurora', 'jackdaw')],
  ['eq null of an embedded number', eq('engine.power', null), allBut('aurora', 'jackdaw', 'merlin')],
  ['not eq under null parents', not(eq('engine.power', 900)), allBut('aurora', 'jackdaw')],
  ['lt under null parents', lt('engine.power', 0), ['merlin']],
  ['the smallest long breaks nothing', lt('engine.fuel.tons', 21), ['aurora', 'jackdaw']],
  ['in under null parents', among('engine.maker', 'MAN', null), allBut('jackdaw')],
  ['an int stored in a float field', eq('engine.fuel.tons', 20), ['jackdaw']],

  ['has finds an element', has('flags', 'some', 'red'), ['aurora', 'echo', 'merlin']],
  ['has looks one level deep only', has('flags', 'some', 'blue'), ['aurora', 'merlin']],
  ['has finds no element that means null', has('flags', 'some', ''), []],
  ['has any of several', has('flags', 'some', 'green', 'blue'), ['aurora', 'echo', 'merlin']],
  ['has any of none is nothing', has('flags', 'some'), []],
  ['has all of several', has('flags', 'every', 'red', 'blue'), ['aurora', 'merlin']],
  [
    'has all of none is every list that is there',
    has('flags', 'every'),
    ['aurora', 'delta', 'echo', 'grebe', 'merlin'],
  ],
  ['not has finds null lists', not(has('flags', 'some', 'red')), allBut('aurora', 'echo', 'merlin')],
  ['has of doubles finds no decimals', has('soundings', 'some', 4), ['aurora']],
  ['has of doubles', has('soundings', 'some', 1), ['echo']],
  ['has sees converted elements', has('decks', 'some', 3), ['echo']],
  ['has all sees converted elements', has('decks', 'every', 3, 4), ['echo']],
  ['has sees plain elements of a converted list', has('decks', 'some', 2), ['aurora']],
  ['has in a child table', has('ports', 'some', 'Oslo'), ['aurora', 'kite', 'merlin']],
  ['has all in a child table', has('ports', 'every', 'Oslo', 'Riga'), ['merlin']],
  ['has all of none in a child table', has('ports', 'every'), ['aurora', 'delta', 'echo', 'kite', 'merlin']],
  ['has any of none in a child table', has('ports', 'some'), []],
  ['not has in a child table', not(has('ports', 'some', 'Oslo')), allBut('aurora', 'kite', 'merlin')],
  ['has two levels down', has('engine.fuel.tags', 'some', 'a'), ['aurora']],

  ['isEmpty finds empty lists, not null ones', isEmpty('flags', true), ['delta', 'grebe']],
  ['isEmpty false finds lists with elements', isEmpty('flags', false), ['aurora', 'echo', 'merlin']],
  ['not isEmpty finds null lists too', not(isEmpty('flags', true)), allBut('delta', 'grebe')],
  ['not isEmpty false finds empty and null', not(isEmpty('flags', false)), allBut('aurora', 'echo', 'merlin')],
  ['isEmpty of a child table', isEmpty('ports', true), ['delta']],
  ['isEmpty false of a child table', isEmpty('ports', false), ['aurora', 'echo', 'kite', 'merlin']],
  ['isEmpty counts elements as they decode', isEmpty('soundings', false), ['aurora', 'echo']],
  ['isEmpty of converted elements', isEmpty('decks', false), ['aurora', 'echo']],
  ['isEmpty two levels down', isEmpty('engine.fuel.tags', true), ['jackdaw']],
]

describe.each(['mongo', 'postgres'] as const)('Filters in %s', (origin) => {
  test.each(cases)('%s', async (_title, where, names) => {
    expect(await found(stores[origin], where)).toEqual(names)
  })

  test.each(cases)('count agrees: %s', async (_title, where, names) => {
    expect(await stores[origin].reader.count(Vessel, where)).toBe(names.length)
  })

  test('json cannot be filtered, since Mongo would heed the order of keys', async () => {
    await expect(found(stores[origin], eq('papers', { class: 'A' }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(found(stores[origin], eq('papers', null))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })

  test('a field that the entity does not have is named', async () => {
    await expect(found(stores[origin], eq('engine.colour', 1))).rejects.toThrow('Vessel has no field "engine.colour".')
  })
})
