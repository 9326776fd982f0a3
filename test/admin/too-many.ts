/** What the admin port sends a listener past the fiftieth, whose stream ends with it. */
export const tooMany =
  ':\n\nevent: next\ndata: {"errors":[{"message":"50 listen already, and no more may.","locations":[{"line":1,"column":16}],"path":["changed"],"extensions":{"code":"TRY_AGAIN"}}]}\n\nevent: complete\ndata:\n\n'
