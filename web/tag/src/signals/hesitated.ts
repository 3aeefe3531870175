// `Hesitated`: somebody stays with a zone and does nothing about it. By mouse, keyboard or touch alike: whoever has no cursor hesitates too.

import { now, on, onLeave, type Signal } from "../signal.ts";
import { nearest, within, ZONE } from "../zones.ts";

/** Reading a line takes a second; who stays this long with a few words thinks about them. */
export const HESITATION_MS = 2_500;

/** The same zone is told of again after this long: more would say nothing new, and an offer does not grow by it. */
export const AGAIN_MS = 30_000;

/** What can be acted with. A tap on a text is a finger at rest, not an act. */
const CONTROLS = "a,button,input,select,textarea,summary,label";

export const hesitated: Signal = (emit, until) => {
  const told = new Map<string, number>();
  let zone: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const attend = (next?: string): void => {
    if (next === zone) return;
    clearTimeout(timer);
    zone = next;
    if (!next) return;
    const since = now();
    timer = setTimeout(() => {
      if (now() < (told.get(next) ?? 0)) return;
      told.set(next, now() + AGAIN_MS);
      emit("Hesitated", { zone: next, ms: now() - since });
    }, HESITATION_MS);
  };
  on(until, ["pointerover", "focusin", "pointerup"], (event) => {
    const byMouse = (event as PointerEvent).pointerType === "mouse";
    // A finger is over nothing until it is lifted; a mouse is where it is, whatever its buttons do.
    if (event.type !== (byMouse ? "pointerup" : "pointerover")) attend(nearest(event.target, ZONE));
  });
  // Who acts does not hesitate; what they do next begins anew.
  on(until, ["click", "input"], ({ type, target }) => {
    if (type === "input" || within(target, CONTROLS)) attend();
  });
  onLeave(until, attend);
};
