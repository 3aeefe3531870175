// Dwell: how long the page was before somebody's eyes. A tab in the background is not.

import { now, on } from "../signal.ts";

/** Starts counting. Each call tells the milliseconds since the last one in which the page could be seen. */
export function dwell(until: AbortSignal): () => number {
  let counted = 0;
  let since: number | undefined;
  const turn = (): void => {
    if (since !== undefined) counted += now() - since;
    since = document.hidden ? undefined : now();
  };
  turn();
  on(until, ["visibilitychange"], turn);
  return () => {
    turn();
    const ms = counted;
    counted = 0;
    return ms;
  };
}
