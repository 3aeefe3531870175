import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { followDataLayer, readPushed } from "../src/data_layer.ts";

const ITEM = { item_id: "assam", item_name: "Assam of Anna's aunt", item_category: "TEA", item_brand: "Corner", price: 14.9, quantity: 1 };
const OURS = { product_id: "assam", category: "TEA", brand: "Corner", price: 14.9, quantity: 1 };
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const layer = () => (globalThis as unknown as { dataLayer: unknown[] }).dataLayer;
beforeEach(() => Object.assign(globalThis, { window: globalThis, dataLayer: [] }));

test("what a shop pushes for Google is an event of the shop vocabulary", () => {
  const cases: [object, [string, object]][] = [
    [{ event: "view_item", ecommerce: { currency: "EUR", value: 14.9, items: [ITEM] } }, ["Product Viewed", { currency: "EUR", value: 14.9, ...OURS }]],
    [{ event: "add_to_cart", ecommerce: { items: [ITEM] } }, ["Product Added", OURS]],
    [{ event: "remove_from_cart", ecommerce: { items: [ITEM, ITEM] } }, ["Product Removed", { products: [OURS, OURS] }]],
    [{ event: "view_cart", ecommerce: { items: [ITEM] } }, ["Cart Viewed", { products: [OURS] }]],
    [{ event: "view_item_list", ecommerce: { items: [ITEM] } }, ["Product List Viewed", { products: [OURS] }]],
    [
      { event: "purchase", ecommerce: { transaction_id: 1001, currency: "EUR", shipping: 4.9, tax: 2, coupon: "SECRET", items: [ITEM] } },
      ["Order Completed", { order_id: 1001, currency: "EUR", shipping: 4.9, products: [OURS] }],
    ],
    // What somebody searched for is what they typed.
    [{ event: "search", search_term: "tea for my heart" }, ["Products Searched", {}]],
  ];
  for (const [pushed, wanted] of cases) assert.deepEqual(plain(readPushed(pushed as never)), plain(wanted));
});

test("gtag's arguments are read too", () => {
  const gtag = (...words: unknown[]) => (function () { return arguments; })(...(words as []));
  const read = readPushed(gtag("event", "add_to_cart", { currency: "EUR", items: [ITEM] }) as never);
  assert.deepEqual(plain(read), ["Product Added", { currency: "EUR", ...OURS }]);
  assert.equal(readPushed(gtag("config", "G-1") as never), undefined);
});

test("whatever else is pushed is nobody's business", () => {
  for (const other of [null, undefined, 7, "view_item", {}, { ecommerce: null }, { event: "gtm.js" }, { event: "view_item", ecommerce: null }, () => {}]) {
    const read = readPushed(other as never);
    assert.ok(read === undefined || JSON.stringify(read[1]) === "{}", String(other));
  }
});

test("from a yes on everything counts, from an earlier one what was pushed before too, after a no nothing", async () => {
  for (const [fromStart, wanted] of [[false, ["Product Viewed"]], [true, ["Cart Viewed", "Product Viewed"]]] as const) {
    Object.assign(globalThis, { dataLayer: [] });
    const heard: string[] = [];
    const over = new AbortController();
    layer().push({ event: "view_cart" });
    followDataLayer((event) => heard.push(event), over.signal, fromStart);
    assert.equal(layer().push({ event: "view_item", ecommerce: { items: [ITEM] } }), 2, "the shop's own push is as it was");
    await Promise.resolve();
    over.abort();
    layer().push({ event: "purchase" });
    await Promise.resolve();
    assert.deepEqual(heard, wanted);
    assert.equal(layer().length, 3);
  }
});

test("what cannot be read does not stop the shop's page", () => {
  followDataLayer(() => { throw new Error("not a word of this reaches the shop"); }, new AbortController().signal, false);
  const uncaught = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", () => uncaught.forEach((listener) => process.on("uncaughtException", listener)));
  assert.equal(layer().push({ event: "view_cart" }), 1);
});
