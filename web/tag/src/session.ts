// A session: everything that is there between a yes and a no. It ends with one abort, and then nothing of it listens, waits or asks.

import { followDataLayer } from "./data_layer.ts";
import { type Answer, makeAsker, noOffer, type Question } from "./decide.ts";
import { message } from "./message.ts";
import { makeQueue } from "./queue.ts";
import { ask, sendBatch, type Server } from "./server.ts";
import { LEAVE, onLeave, now, type Properties } from "./signal.ts";
import { SIGNALS } from "./signals/index.ts";
import { show, slotOf } from "./slot.ts";
import { follow, type Token } from "./stream.ts";

export interface Session {
  readonly id: string;
  emit(event: string, properties?: Properties): void;
  /** Another page begins without a load. */
  page(): void;
  decide(question: Question): Promise<Answer>;
  /** Asks for the slot of this name, and shows what is offered. */
  offer(name: string): Promise<Answer>;
  follow(name: string, token: Token): void;
  /** Sends a message at once. */
  say(message: string): void;
  /** Ends it; what was not sent yet is forgotten. */
  end(): void;
}

/** Begins a session. With `fromStart`, the yes is older than this page, and what its data layer has counts from the start. */
export function begin(server: Server, id: string, fromStart: boolean): Session {
  const over = new AbortController();
  const until = over.signal;
  // After the end, what still waits counts as sent, and is gone.
  const queue = makeQueue(async (messages) => (until.aborted ? 0 : sendBatch(server, messages)));
  const asker = makeAsker(server, queue.flush, until);
  // One offer for each slot of a page: whoever was shown one is not asked again, whatever they said.
  const shown = new Set<string>();
  let view = new AbortController();

  const emit = (event: string, said?: Properties): void => {
    if (until.aborted) return;
    const zone = said?.zone as string;
    const slot = event === "Hesitated" && slotOf(zone);
    const properties: Properties = { ...said, ...(slot && place(zone, slot)) };
    queue.put(message(id, event, properties));
    tell("wink:event", { event, properties });
    // Where a rule of the shop asks, it hears of it at once, and the answer comes over the stream.
    if (slot) void (slot.dataset.askedBy ? queue.flush() : offer(zone));
  };
  const look = (): void => {
    view = new AbortController();
    emit("Page", cameFrom());
    const { signal } = view;
    for (const watch of SIGNALS) watch((event, properties) => signal.aborted || emit(event, properties), signal);
  };
  const present = (name: string, answer: Answer): void => {
    const slot = slotOf(name);
    if (!slot || answer.verdict !== "offer" || shown.has(name) || until.aborted) return;
    shown.add(name);
    const exposed = (kind: string): void => {
      // Told for the shop's measurement: a page goes on without.
      ask(server, "/v1/exposures", { decision: answer.id, kind }).catch(() => {});
    };
    const react = (kind: string): void => {
      exposed(kind);
      tell(`wink:${kind}`, { slot: name, answer });
    };
    show(slot, answer, {
      seen: () => exposed("seen"),
      accept: async () => {
        await ask(server, `/v1/decisions/${answer.id}/accept`);
        react("clicked");
      },
      dismiss: () => react("dismissed"),
    }, until);
  };
  const offer = async (name: string): Promise<Answer> => {
    const slot = slotOf(name);
    if (!slot || shown.has(name)) return noOffer("no slot");
    const asked = now();
    const answer = await asker.decide(id, place(name, slot));
    tell("wink:decision", { slot: name, answer, ms: now() - asked });
    present(name, answer);
    return answer;
  };

  look();
  followDataLayer(emit, until, fromStart);
  // After the signals: they say their last, then it is sent.
  onLeave(until, queue.leave);
  return {
    id,
    emit,
    page() {
      dispatchEvent(new Event(LEAVE));
      view.abort();
      look();
    },
    decide: (question) => asker.decide(id, question),
    offer,
    follow(name, token) {
      follow(server.origin, token, async (answer) => {
        // What this page asked for it has shown, or it came too late.
        if (await asker.asked(answer.id)) return;
        tell("wink:decision", { slot: name, answer });
        present(name, answer);
      }, until);
    },
    say(message) {
      queue.put(message);
      void queue.flush();
    },
    end() {
      over.abort();
      view.abort();
    },
  };
}

/** Where a slot is, as the shop's rules call it, and what the cart beside it is worth, if the page says so. */
const place = (name: string, { dataset: { placement = name, cartCents } }: HTMLElement): Question =>
  ({ placement, cart_cents: cartCents ? +cartCents : undefined });

/** Lets the page know, so that a shop can build on it and anybody can look what is told. */
function tell(type: string, detail: object): void {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

/** Where somebody is and what brought them here: the path, the site before, the campaign of the link; no query beside that. */
function cameFrom(): Properties {
  const campaign = [...new URLSearchParams(location.search)].filter(([name]) => /^utm_(source|medium|campaign)$/.test(name));
  const referrer = document.referrer.split("/")[2];
  return { path: location.pathname, referrer, ...Object.fromEntries(campaign) };
}
