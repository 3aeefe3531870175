// `Page Engaged`: dwell, scroll and quick back of a page, told when it may be about to go. Who comes back to a tab is told of again, with
// the time since.

import { onLeave, type Signal } from "../signal.ts";
import { dwell } from "./dwell.ts";
import { quickBack } from "./quick_back.ts";
import { scrollDepth } from "./scroll.ts";

/** Less than this since it was told last is one going, seen twice: hidden and gone. */
const GLANCE_MS = 100;

export const pageEngaged: Signal = (emit, until) => {
  const dwelt = dwell(until);
  const depth = scrollDepth(until);
  const back = quickBack(until);
  onLeave(until, () => {
    const dwell_ms = dwelt();
    if (GLANCE_MS < dwell_ms) emit("Page Engaged", { dwell_ms, scroll_pct: depth(), quick_back: back() });
  });
};
