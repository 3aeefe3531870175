// The cart: what the shop's own buttons say they do, by `data-wink-cart`. A shop with a dataLayer needs none of this.

import { on, type Signal } from "../signal.ts";
import { within } from "../zones.ts";

/** What a button may say, and the event it is. */
const EVENTS: Readonly<Record<string, string>> = {
  add: "Product Added",
  remove: "Product Removed",
  checkout: "Checkout Started",
};

export const cart: Signal = (emit, until) => {
  on(until, ["click"], ({ target }) => {
    const { winkCart, winkProduct, winkPrice, winkCategory } = within(target, "[data-wink-cart]")?.dataset ?? {};
    const event = EVENTS[winkCart ?? ""];
    // What is not there is not in the JSON either.
    if (event) emit(event, { product_id: winkProduct, price: winkPrice, category: winkCategory });
  });
};
