// Scroll: how far down the page somebody has been, in per cent of it.

import { on } from "../signal.ts";

/** Starts watching. Each call tells the deepest part of the page that was in view so far. */
export function scrollDepth(until: AbortSignal): () => number {
  let deepest = 0;
  const look = (): number => {
    const { scrollTop, clientHeight, scrollHeight } = document.documentElement;
    const bottom = Math.round((100 * (scrollTop + clientHeight)) / (scrollHeight || 1));
    return (deepest = Math.max(deepest, Math.min(100, bottom)));
  };
  on(until, ["scroll"], look);
  return look;
}
