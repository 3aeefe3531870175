// `Cursor Stopped`: the cursor came into a zone and lay still there. Told once for each visit; where it lay is not looked at.

import { now, on, type Signal } from "../signal.ts";
import { nearest, ZONE } from "../zones.ts";

/** A hand on its way pauses for less. */
export const STILL_MS = 800;

export const cursorStopped: Signal = (emit, until) => {
  let zone: string | undefined;
  let entered = 0;
  let told = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  on(until, ["pointermove"], ({ target, pointerType }) => {
    clearTimeout(timer);
    const here = pointerType === "mouse" ? nearest(target, ZONE) : undefined;
    if (here !== zone) [zone, entered, told] = [here, now(), false];
    if (!here || told) return;
    const after_ms = now() - entered;
    timer = setTimeout(() => {
      told = true;
      emit("Cursor Stopped", { zone: here, after_ms });
    }, STILL_MS);
  });
};
