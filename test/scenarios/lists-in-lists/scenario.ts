import { defineEntity, float, int, json, list } from 'crossfade'
import { Int32 } from 'mongodb'
import { scenario } from '../scenario.ts'

export default scenario({
  title: 'Lists inside lists (polygons, matrices): json() carries them; a flat list reports the lists it meets',
  entity: defineEntity('Area', {
    mongo: 'areas',
    postgres: 'areas',
    id: int(),
    fields: { rings: json(), heights: list(float()) },
  }),
  documents: [
    {
      _id: 1,
      rings: [
        [
          [0, 0.5],
          [1, 1],
        ],
        [],
      ],
      heights: [1.5, new Int32(2)],
    },
    { _id: 2, rings: [], heights: [[1], 2.5] },
  ],
  records: [
    {
      id: 1,
      rings: [
        [
          [0, 0.5],
          [1, 1],
        ],
        [],
      ],
      heights: [1.5, 2],
    },
    { id: 2, rings: [], heights: [2.5] },
  ],
  issues: [[2, 'heights.0', 'is not a number']],
})
