// The id of this browser in this shop: drawn after a yes, kept in one entry of the storage, gone with a no. Before a yes the storage is
// not even looked into.

import { drawn } from "./message.ts";

const ENTRY = "wink";

/** Tells the id that an earlier page drew, if any. */
export const knownId = (): string | undefined => stored((storage) => storage.getItem(ENTRY)) || undefined;

/** Draws an id and keeps it. Where a browser keeps nothing, it holds for this page. */
export function newId(): string {
  const id = drawn();
  stored((storage) => storage.setItem(ENTRY, id));
  return id;
}

/** Forgets it. */
export const forgetId = (): void => stored((storage) => storage.removeItem(ENTRY));

/** Uses the storage, where a browser has one that may be used and is not full. */
function stored<Found>(use: (storage: Storage) => Found): Found | undefined {
  try {
    return use(localStorage);
  } catch {
    return undefined;
  }
}
