// The few words of the slot that do not come from the offer: the yes, the no, the date, and what became of a yes. Nothing in them presses.

const ENGLISH = "Use it|No, thanks|Valid until|Done.|That did not work.";
const GERMAN = "Nutzen|Nein, danke|Gültig bis|Erledigt.|Das hat nicht geklappt.";

/** Tells the words for a slot: its own by `data-words`, else German or English by the language around it. */
export function wordsOf(slot: HTMLElement): Partial<[string, string, string, string, string]> {
  return (slot.dataset.words ?? (language(slot).startsWith("de") ? GERMAN : ENGLISH)).split("|") as [];
}

/** Tells the language of a part of the page. */
export const language = (part: Element): string => part.closest<HTMLElement>("[lang]")?.lang || "en";
