import { BSON, type Document } from 'mongodb'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

const opMsg = 2013
const opReply = 1
const headerBytes = 16

/** Calls `each` with every whole message of MongoDB's wire protocol that the chunks hold. */
function messages(each: (message: Buffer) => void): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0)
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk])
    while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
      const length = waiting.readInt32LE(0)
      each(waiting.subarray(0, length))
      waiting = waiting.subarray(length)
    }
  }
}

/** Where the document of a message begins: an OP_REPLY has more in front of it than an OP_MSG. */
function bodyAt(message: Buffer): number | null {
  const code = message.readInt32LE(12)
  if (code === opMsg) return headerBytes + 5
  return code === opReply ? headerBytes + 20 : null
}

function rewritten(message: Buffer, change: (answer: Document) => Document | null): Buffer {
  const at = bodyAt(message)
  if (at === null) return message
  const answer = change(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)), { promoteValues: false }))
  if (answer === null) return message
  const whole = Buffer.concat([message.subarray(0, at), BSON.serialize(answer)])
  whole.writeInt32LE(whole.length, 0)
  return whole
}

/**
 * A proxy on loopback that may change the answers of a MongoDB server.
 *
 * @param change the answer to send in place of one; null leaves it alone.
 */
export const mongoProxy = (behind: number, change: (answer: Document) => Document | null): Promise<TcpProxy> =>
  tcpProxy(behind, (client) => messages((message) => client.write(rewritten(message, change))))

/** Changes what a server says of itself. */
export const helloProxy = (behind: number, change: (hello: Document) => Document): Promise<TcpProxy> =>
  mongoProxy(behind, (answer) => ('maxWireVersion' in answer ? change(answer) : null))
