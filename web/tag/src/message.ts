// Messages: events as the server takes them. Each is written once, so that what is sent again is the same to the byte.

import type { Properties } from "./signal.ts";

/** Writes an event of `anonymousId` down. */
export function message(anonymousId: string, event: string, properties: Properties): string {
  // A page that thanks for an order may be loaded again: an order is one message, and what is one message says one time or none.
  const order = event === "Order Completed" && properties.order_id;
  const once = order ? { messageId: `${anonymousId}-${order}` } : { messageId: drawn(), timestamp: new Date() };
  return JSON.stringify({ type: "track", anonymousId, ...once, event, properties });
}

/** Draws 128 random bits. Not `randomUUID`, which a page without TLS does not have. */
export function drawn(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
