// What a signal is: something that watches the page and tells what it saw, until the person says no.

/** What an event says beside its name. Never what somebody typed, a coordinate or a text of the page. */
export type Properties = Readonly<Record<string, unknown>>;

/** Takes an event in. */
export type Emit = (event: string, properties?: Properties) => void;

/** Watches the page until `until` is aborted. What it tells after that is not heard. */
export type Signal = (emit: Emit, until: AbortSignal) => void;

/** Sent to the window when another page begins without a load. */
export const LEAVE = "wink:leave";

interface Heard extends WindowEventMap {
  [LEAVE]: Event;
  visibilitychange: Event;
}

/** Listens to the whole page: before its own scripts, which may keep an event to themselves, and never in their way. */
export function on<Name extends keyof Heard>(
  until: AbortSignal,
  names: readonly Name[],
  call: (event: Heard[Name]) => void,
): void {
  for (const name of names) {
    addEventListener(name, call as (event: Event) => void, { capture: true, passive: true, signal: until });
  }
}

/** Calls back whenever the page may be about to go: browsers promise nothing after the first of these. */
export function onLeave(until: AbortSignal, call: () => void): void {
  on(until, ["visibilitychange", "pagehide", LEAVE], ({ type }) => {
    if (document.hidden || type !== "visibilitychange") call();
  });
}

/** Milliseconds on a clock that nobody sets while the page is open. */
export const now = (): number => Math.round(performance.now());
