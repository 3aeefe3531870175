// Asking for a decision. An answer that does not come in time is "no offer": a page never waits for one, and never shows a default.

import { ask, type Server } from "./server.ts";

/** A page that waits longer is noticed. */
export const DECIDE_MS_MAX = 300;

/** Time to think about it: a day. Nothing is issued before it is accepted. */
const ACCEPT_WITHIN_SECONDS = 86_400;

/** What the server decided, or that it did not. */
export interface Answer {
  readonly verdict: "offer" | "none" | "held_out";
  /** The decision; without one, none was made that came in time. */
  readonly id?: string;
  readonly offer?: string;
  /** What the shopper reads. */
  readonly title?: string;
  /** What it takes off: an amount, or a share with the most it is worth. */
  readonly benefit?: { readonly amount_cents: number } | { readonly percent: number; readonly at_most_cents: number };
  readonly maximum_cents?: number;
  readonly accept_by?: string;
  readonly reason: string;
}

/** What is asked. */
export interface Question {
  /** The place the answer would be shown at, as the shop's rules call it. */
  readonly placement: string;
  /** The value of the cart, in minor units. */
  readonly cart_cents?: number | undefined;
}

/** No offer, and why the server was not heard. */
export const noOffer = (reason: string): Answer => ({ verdict: "none", reason });

export interface Asker {
  /** Asks. Never fails, and answers within {@link DECIDE_MS_MAX}. */
  decide(id: string, question: Question): Promise<Answer>;
  /** Waits until what was asked is answered, then tells whether a decision was one of these answers. */
  asked(decision: string | undefined): Promise<boolean>;
}

/**
 * `heard` is done when the server has heard all that happened so far: a decision that does not know of it is worth less. Once `until` is
 * aborted, nothing is asked any more.
 */
export function makeAsker(server: Server, heard: () => Promise<void>, until: AbortSignal): Asker {
  const answered = new Set<string>();
  let asking: unknown;
  const put = async (id: string, { placement, cart_cents }: Question): Promise<Answer> => {
    await heard();
    // A throw is no offer.
    if (until.aborted) throw until;
    const { decision } = await ask<{ decision: Answer & { id: string } }>(server, "/v1/decisions", {
      identity: { namespace: "anonymous_id", value: id },
      channel: "web",
      placement,
      cart_cents,
      issue: "on_accept",
      accept_within_seconds: ACCEPT_WITHIN_SECONDS,
    });
    answered.add(decision.id);
    return decision;
  };
  return {
    decide(id, question) {
      const answer = put(id, question).catch(() => noOffer("no answer"));
      asking = Promise.all([asking, answer]);
      return Promise.race([answer, late()]);
    },
    async asked(decision) {
      await asking;
      return answered.has(decision as string);
    },
  };
}

const late = (): Promise<Answer> =>
  new Promise((done) => setTimeout(done, DECIDE_MS_MAX, noOffer("no answer")));
