import { expect, test } from 'vitest'
import { checkUri, hostsOf, withoutSecrets } from '../../src/util/store-uri.ts'

test.each([
  ['mongodb://127.0.0.1:27017/shop', '127.0.0.1:27017'],
  ['mongodb://a:27017,b:27017,c/shop?replicaSet=rs', 'a:27017,b:27017,c'],
  ['mongodb+srv://user:word@cluster.example.com/shop', 'cluster.example.com'],
  ['mongodb://user:w%40rd%2F@%2Ftmp%2Fmongodb-27017.sock/shop', '/tmp/mongodb-27017.sock'],
  ['mongodb://[::1]:27017/shop', '[::1]:27017'],
  ['postgresql://user:word@db:5432/shop?options=-c%20search_path%3Dapp', 'db:5432'],
  ['postgresql://user:word@%2Fvar%2Frun%2Fpostgresql/shop', '/var/run/postgresql'],
  ['postgresql:///shop?host=/var/run/postgresql&password=word', '/var/run/postgresql'],
  ['postgresql:///shop', 'localhost'],
])('of %s only the hosts are shown', (uri, hosts) => {
  checkUri('URI', uri)
  expect(hostsOf(uri)).toBe(hosts)
})

test.each([
  'mongodb://user:se/cret@host/shop',
  'mongodb://user:a@se/cret@host/shop',
  'mongodb://user:se?cret@host/shop',
  'postgresql://user:se#cret@host/shop',
  'postgresql://host/shop?password=se@cret',
  'user:secret@host/shop',
  '',
])('where it is not clear what of %s is a password, nothing is shown and it is refused', (uri) => {
  expect(hostsOf(uri)).toBe('an address that cannot be read')
  expect(() => checkUri('DATABASE_URL', uri)).toThrow(/^DATABASE_URL cannot be read: .* write @ as %40/)
})

test('a text loses the address, and the password in both of its forms', () => {
  const uri = 'mongodb://user:s%40cret@host/shop'
  expect(withoutSecrets(`no "${uri}", s%40cret or s@cret at host`, uri)).toBe('no "…", … or … at host')
})
