// The slot: where the shop lets an offer appear. Text only, in a shadow root, with a no as easy as the yes.

import type { Answer } from "./decide.ts";
import { language, wordsOf } from "./words.ts";

/** What somebody does with an offer they are shown. */
export interface Reactions {
  /** It was in view. */
  seen(): void;
  /** They want it. Fails if it could not be had. */
  accept(): Promise<void>;
  /** They do not want it. */
  dismiss(): void;
}

/** Half of it in view for this long is seen. */
const SEEN_MS = 1_000;

/** Both buttons are one rule: equal in size, colour and weight. Colours and letters are the page's. */
const STYLE = `section,button{border:1px solid;border-radius:.5em;padding:.75em}p{margin:0 0 .5em}div{display:flex;flex-wrap:wrap;gap:.5em}button{flex:1 1 7em;font:inherit;color:inherit;background:none}`;

/** Finds the slot of a name. */
export function slotOf(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-wink-slot="${CSS.escape(name)}"]`);
}

/** Shows an offer in a slot, until it is dismissed or accepted, or `until` is aborted. */
export function show(slot: HTMLElement, answer: Answer, reactions: Reactions, until: AbortSignal): void {
  const [yes, no, valid, done, failed] = wordsOf(slot);
  const root = slot.shadowRoot ?? slot.attachShadow({ mode: "open" });
  // A sheet that a script makes needs no exception in a Content-Security-Policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  // Said by a screen reader when it comes, without taking the focus from what somebody is doing.
  slot.role = "status";

  const box = line("section");
  const close = (): void => root.replaceChildren();
  box.append(line("p", answer.title));
  if (answer.accept_by) box.append(line("p", `${valid} ${moment(answer.accept_by, slot)}.`));
  const said = line("p");
  const buttons = line("div");
  const accept = line("button", yes);
  const dismiss = line("button", no);
  buttons.append(accept, dismiss);
  box.append(buttons, said);
  accept.onclick = () => {
    accept.disabled = true;
    reactions.accept().then(
      () => {
        buttons.remove();
        said.textContent = done as string;
      },
      () => {
        accept.disabled = false;
        said.textContent = failed as string;
      },
    );
  };
  dismiss.onclick = () => {
    close();
    reactions.dismiss();
  };
  root.replaceChildren(box);
  until.addEventListener("abort", close);
  whenSeen(box, reactions.seen);
}

function line<Name extends keyof HTMLElementTagNameMap>(name: Name, text = ""): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

/** A time as people of the page's language write it. */
function moment(text: string, part: Element): string {
  return new Date(text).toLocaleString(language(part), { dateStyle: "long", timeStyle: "short" });
}

/** Calls once, when half of an element was in view long enough. */
function whenSeen(element: Element, call: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observer = new IntersectionObserver(([entry]) => {
    clearTimeout(timer);
    // What was taken away is in view no more, so nothing of it is seen.
    if (!entry?.isIntersecting) return;
    timer = setTimeout(() => {
      observer.disconnect();
      call();
    }, SEEN_MS);
  }, { threshold: 0.5 });
  observer.observe(element);
}
