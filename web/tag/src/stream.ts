// The stream: decisions that nobody on this page asked for, as they are made. A till, a planned send or a rule of the shop may be the cause.

import type { Answer } from "./decide.ts";

/** Gives a token that opens one person's stream. Only the shop's server can make one. */
export type Token = () => Promise<string>;

/** What `EventSource.CLOSED` is. */
const CLOSED = 2;

/** A token may be over, or the shop's server away: soon enough, and not often. */
export const AGAIN_MS = 20_000;

/** Follows the stream until `until` is aborted. */
export function follow(origin: string, token: Token, hear: (answer: Answer) => void, until: AbortSignal): void {
  const again = (): unknown => setTimeout(open, AGAIN_MS);
  const open = (): void => {
    if (until.aborted) return;
    token().then((text) => {
      if (until.aborted) return;
      const source = new EventSource(`${origin}/v1/stream?token=${text}`);
      until.addEventListener("abort", () => source.close());
      source.addEventListener("decision", ({ data }) => hear(JSON.parse(data) as Answer));
      // A connection that broke comes again by itself; one that was refused needs another token.
      source.onerror = () => source.readyState === CLOSED && again();
    }, again);
  };
  open();
}
