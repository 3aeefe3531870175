// The adapter for shops that speak to Google already: what they push into `dataLayer` for GA4 becomes events of the shop vocabulary.

import type { Emit, Properties } from "./signal.ts";

/** Google's names of events, and ours: out of the list the server has for `/mp/collect`, what shoppers do in a page. */
const EVENTS: Readonly<Record<string, string>> = {
  add_payment_info: "Payment Info Entered",
  add_to_cart: "Product Added",
  add_to_wishlist: "Product Added to Wishlist",
  begin_checkout: "Checkout Started",
  purchase: "Order Completed",
  remove_from_cart: "Product Removed",
  search: "Products Searched",
  select_item: "Product Clicked",
  view_cart: "Cart Viewed",
  view_item: "Product Viewed",
  view_item_list: "Product List Viewed",
};

/** What is taken of an event, and what it is called here. Whatever else a shop pushes stays where it is; a search term too. */
const TAKEN = "transaction_id order_id,currency,value,shipping,item_id product_id,item_category category,item_brand brand,price,quantity";

type Entry = Readonly<Record<string, unknown>>;
/** gtag pushes its arguments, which look like a list and are none. */
interface Pushed extends Entry, Partial<ArrayLike<unknown>> {}

/** Follows a data layer until `until` is aborted. With `fromStart`, what this page pushed before counts too. */
export function followDataLayer(emit: Emit, until: AbortSignal, fromStart: boolean): void {
  const layer = ((window as { dataLayer?: Pushed[] }).dataLayer ??= []);
  const tell = (pushed: Pushed): void => {
    const read = readPushed(pushed);
    if (read) emit(...read);
  };
  if (fromStart) layer.forEach(tell);
  const { push } = layer;
  // Somebody else may lay theirs around ours, so it is never taken away; after the end it tells nothing. The shop's own comes first, and
  // whatever becomes of ours is no part of it.
  layer.push = (...entries) => {
    queueMicrotask(() => until.aborted || entries.forEach(tell));
    return push.apply(layer, entries);
  };
}

/** Reads what was pushed: an event of a shop, or nothing. */
export function readPushed(pushed: Pushed): [string, Properties] | undefined {
  const byGtag = pushed?.[0] === "event";
  const name = EVENTS[(byGtag ? pushed[1] : pushed?.event) as string];
  const said = (byGtag ? pushed[2] : pushed?.ecommerce) as Entry | null | undefined;
  if (!name) return undefined;
  const items = Array.isArray(said?.items) ? said.items.map(picked) : [];
  // The vocabulary has lists for what is many, and the product itself where there is one.
  const one = /^Product (?!List)/.test(name) && items.length === 1;
  return [name, { ...picked(said ?? {}), ...(one ? items[0] : items.length && { products: items }) }];
}

/** Takes of an event or an item what is taken. */
function picked(from: Entry): Properties {
  const names = TAKEN.split(",").map((pair) => pair.split(" ") as [string, string?]);
  return Object.fromEntries(names.filter(([theirs]) => theirs in from).map(([theirs, ours = theirs]) => [ours, from[theirs]]));
}
