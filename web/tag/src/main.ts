// The tag. A page loads it by one script element; it then does nothing at all until somebody says yes: no request, no cookie, nothing
// stored, nobody listening. It looks for one thing only, a no that the server has not heard, and sends that.

import { type Answer, noOffer, type Question } from "./decide.ts";
import { forgetId, knownId, newId } from "./identity.ts";
import { message } from "./message.ts";
import type { Server } from "./server.ts";
import { begin, type Session } from "./session.ts";
import type { Properties } from "./signal.ts";
import type { Token } from "./stream.ts";
import { sendWithdrawals } from "./withdrawal.ts";

/** What a shop keeps of how a word about consent was given. */
export interface Proof {
  readonly method?: string;
  readonly surface?: string;
  readonly text_version?: string;
  readonly text_hash?: string;
}

/** What a page can do with the tag, as `window.wink`. */
export interface Wink {
  /** The id of this browser, while there is a yes. */
  readonly id: string | undefined;
  /** The person has just said yes. Tells whether anything began: where the browser says no for them (GPC), nothing does. */
  grant(proof?: Proof): boolean;
  /** An earlier yes still holds, says the shop's banner. Tells whether it is known here; if not, ask the person. */
  resume(): boolean;
  /** The person takes it back: nothing is watched, kept or sent from here on but this word, until it is heard. */
  withdraw(proof?: Proof): void;
  /** Tells of something that only the shop knows. */
  track(event: string, properties?: Properties): void;
  /** Another page begins without a load. */
  page(): void;
  /** Asks for a decision: an offer or none, within 300 ms. */
  decide(question: Question): Promise<Answer>;
  /** Asks for the slot of this name, and shows what is offered. */
  offer(slot: string): Promise<Answer>;
  /** Follows decisions that others ask for, and shows them in the slot of this name. */
  follow(slot: string, token: Token): void;
  /** Calls `call` with the tag: at once, or as soon as it is there. */
  push(call: (wink: Wink) => void): void;
}

type Early = { forEach(call: (call: (wink: Wink) => void) => void): void };

function start(script: HTMLScriptElement): void {
  const { key = "", decideKey, server: origin = new URL(script.src).origin } = script.dataset;
  const server: Server = { origin, key, decideKey };
  let session: Session | undefined;

  const word = (id: string, state: string, proof: Proof = {}) =>
    message(id, "Consent Updated", { purpose: "personalisation", state, method: "banner", ...proof });
  /** Global Privacy Control is a no that stands in the browser's settings. A banner does not talk anybody out of it. */
  const refused = (): boolean | undefined => (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;

  const wink: Wink = {
    get id() {
      return session?.id;
    },
    grant(proof) {
      if (refused()) return false;
      session ??= begin(server, knownId() ?? newId(), false);
      session.say(word(session.id, "granted", proof));
      return true;
    },
    resume() {
      const id = refused() ? undefined : (session?.id ?? knownId());
      if (id) session ??= begin(server, id, true);
      return !!id;
    },
    withdraw(proof) {
      const id = session?.id ?? knownId();
      forgetId();
      session?.end();
      session = undefined;
      sendWithdrawals(server, id && word(id, "withdrawn", proof));
    },
    track: (event, properties) => session?.emit(event, properties),
    page: () => session?.page(),
    decide: async (question) => session?.decide(question) ?? noOffer("no consent"),
    offer: async (slot) => session?.offer(slot) ?? noOffer("no consent"),
    follow: (slot, token) => session?.follow(slot, token),
    push: (call) => call(wink),
  };

  sendWithdrawals(server);
  const page = window as { wink?: Wink | Early };
  const early = page.wink as Early | undefined;
  page.wink = wink;
  early?.forEach?.(wink.push);
}

const script = document.currentScript;
if (script) start(script as HTMLScriptElement);
