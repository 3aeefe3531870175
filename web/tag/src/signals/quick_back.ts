// Quick back: somebody opened a page, saw that it was not what they wanted, and went back.

import { now } from "../signal.ts";

/** Who goes back within this time has not read the page: opening it was a mistake, or what it showed. */
export const QUICK_MS = 10_000;

interface Navigate extends Event {
  readonly navigationType: string;
  readonly destination: { readonly index: number };
}
interface Navigation extends EventTarget {
  readonly currentEntry: { readonly index: number };
}

/** Starts watching. Each call tells whether the page was, or is being, left by going back soon after it was opened. */
export function quickBack(until: AbortSignal): () => boolean {
  const opened = now();
  let quick = false;
  // Where a browser does not have the interface, nothing is known of how a page is left.
  const navigation = (window as { navigation?: Navigation }).navigation;
  navigation?.addEventListener("navigate", (event) => {
    const { navigationType, destination } = event as Navigate;
    const back = navigationType === "traverse" && destination.index < navigation.currentEntry.index;
    quick = back && now() - opened < QUICK_MS;
  }, { signal: until });
  return () => quick;
}
