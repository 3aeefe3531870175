// A withdrawal outlives its page: it is kept until the server has heard it, and is the one thing that is sent without a yes.

import { type Kept, stored } from "./identity.ts";
import { sendBatch, type Server } from "./server.ts";
import { AGAIN_MS } from "./stream.ts";

/** Its entry in the storage, beside that of the id: messages with commas between them. There is none once all are heard. */
const ENTRY = "wink:no";

/** Sends what the server has not heard yet, and `word`, which is added to it. */
export function sendWithdrawals(server: Server, word?: Kept): void {
  const text = [stored(ENTRY), word].filter((one) => one).join();
  const send = async (): Promise<void> => {
    const wait = await sendBatch(server, [text]);
    if (wait) setTimeout(send, AGAIN_MS + wait);
    // Where another word has come meanwhile, both are sent together, and this one a second time under its id.
    else if (wait === 0 && stored(ENTRY) === text) stored(ENTRY, "");
  };
  if (text) stored(ENTRY, text), void send();
}
