// Zones are the parts of a page that the shop named by `data-wink-zone`. What happens outside of them is nobody's business.

/** The attribute that makes an element a zone. */
export const ZONE = "data-wink-zone";

/** Reads an attribute off the nearest element around `target`, itself included, that has it. */
export function nearest(target: EventTarget | null, attribute: string): string | undefined {
  return within(target, `[${attribute}]`)?.getAttribute(attribute) || undefined;
}

/** Finds the nearest element around `target`, itself included, that a selector fits. */
export function within(target: EventTarget | null, selector: string): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(selector) : null;
}
