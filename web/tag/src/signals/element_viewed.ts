// `Element Viewed`: a zone was really in view, for how long. In view means half of it, or half of the window for a zone that is larger.

import { now, onLeave, type Signal } from "../signal.ts";
import { ZONE } from "../zones.ts";

/** Shorter is scrolling past: the usual measure of an advertisement that was seen. */
export const VIEWED_MS = 1_000;

export const elementViewed: Signal = (emit, until) => {
  const since = new Map<Element, number>();
  const ended = (zone: Element): void => {
    const ms = now() - (since.get(zone) ?? now());
    since.delete(zone);
    if (VIEWED_MS <= ms) emit("Element Viewed", { zone: zone.getAttribute(ZONE), ms });
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio, intersectionRect } of entries) {
        if (Math.max(intersectionRatio, intersectionRect.height / innerHeight) < 0.5) ended(target);
        else if (!since.has(target)) since.set(target, now());
      }
    },
    { threshold: [0, 0.25, 0.5, 0.75] },
  );
  const observe = (): void => {
    // Anew each time: an observer tells of a zone only what has changed.
    observer.disconnect();
    for (const zone of document.querySelectorAll(`[${ZONE}]`)) observer.observe(zone);
  };
  observe();
  onLeave(until, () => {
    for (const zone of since.keys()) ended(zone);
    observe();
  });
  until.addEventListener("abort", () => observer.disconnect());
};
