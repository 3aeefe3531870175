// The id of this browser in this shop: drawn after a yes, kept in one entry of the storage, gone with a no. Before a yes it is not
// even looked for.

import { drawn } from "./message.ts";

const ENTRY = "wink";

/** What a storage has, or not. */
export type Kept = string | null | undefined;

/** Tells the id that an earlier page drew, if any. */
export const knownId = (): Kept => stored(ENTRY);

/** Draws an id and keeps it. Where a browser keeps nothing, it holds for this page. */
export const newId = (): string => stored(ENTRY, drawn()) as string;

/** Forgets it. */
export const forgetId = (): unknown => stored(ENTRY, "");

/**
 * Tells what an entry of the storage has, if anything; or puts `text` there, and if that is empty, takes the entry away. Does so where a
 * browser has a storage that may be used and is not full.
 */
export function stored(entry: string, text?: string): Kept {
  try {
    if (text == null) return localStorage.getItem(entry);
    if (text) localStorage.setItem(entry, text);
    else localStorage.removeItem(entry);
  } catch {}
  return text;
}
