import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { message } from "../src/message.ts";
import { ask, sendBatch } from "../src/server.ts";

const SERVER = { origin: "https://wink.example", key: "wk_ingest_1", decideKey: "wk_client_1" };

afterEach(() => mock.restoreAll());

function answering(status: number, headers: Record<string, string> = {}) {
  return mock.method(globalThis, "fetch", async () => new Response("{}", { status, headers }));
}

test("a batch has the key, the time of sending and the messages as they were written", async () => {
  const fetched = answering(200);
  const texts = [message("anna", "Page", { path: "/tea" }), message("anna", "Hesitated", { zone: "shipping", ms: 2_500 })];
  assert.equal(await sendBatch(SERVER, texts), 0);
  const [url, { body, headers, credentials, keepalive }] = fetched.mock.calls[0]!.arguments as unknown as [string, Record<string, unknown>];
  assert.equal(url, "https://wink.example/v1/batch");
  // No header of its own: so no preflight, and a browser may send it when the page is closed.
  assert.deepEqual([headers, credentials, keepalive], [undefined, "omit", true]);
  const { writeKey, sentAt, batch } = JSON.parse(String(body));
  assert.equal(writeKey, "wk_ingest_1");
  assert.ok(Math.abs(Date.parse(sentAt) - Date.now()) < 5_000);
  assert.deepEqual(batch, texts.map((text) => JSON.parse(text)));
});

test("only what can be different the next time is sent again", async () => {
  for (const status of [408, 429, 500, 502, 503]) {
    answering(status);
    assert.ok(0 < (await sendBatch(SERVER, ["{}"])), String(status));
    mock.restoreAll();
  }
  for (const status of [200, 400, 404, 413, 422]) {
    answering(status);
    assert.equal(await sendBatch(SERVER, ["{}"]), 0, String(status));
    mock.restoreAll();
  }
  for (const status of [401, 403]) {
    answering(status);
    assert.ok(Number.isNaN(await sendBatch(SERVER, ["{}"])), String(status));
    mock.restoreAll();
  }
  mock.method(globalThis, "fetch", async () => { throw new TypeError("no way there"); });
  assert.ok(0 < (await sendBatch(SERVER, ["{}"])));
});

test("Retry-After is kept to, up to five minutes", async () => {
  for (const [said, wait] of [["7", 7_001], ["86400", 300_000], ["Sun, 22 Nov 2026 06:00:00 GMT", 1]] as const) {
    answering(503, { "retry-after": said });
    assert.equal(await sendBatch(SERVER, ["{}"]), wait, said);
    mock.restoreAll();
  }
});

test("a question goes with the other key, and without one is not asked", async () => {
  const fetched = answering(200);
  await ask(SERVER, "/v1/exposures", { kind: "seen" });
  const [, { headers }] = fetched.mock.calls[0]!.arguments as unknown as [string, Record<string, unknown>];
  assert.deepEqual(headers, { authorization: "Bearer wk_client_1" });
  await assert.rejects(ask({ ...SERVER, decideKey: undefined }, "/v1/exposures", { kind: "seen" }));
  assert.equal(fetched.mock.callCount(), 1);
});

test("an order is one message however often its page is loaded, anything else is a message each time", () => {
  const order = () => JSON.parse(message("anna", "Order Completed", { order_id: "o-1", products: [] }));
  assert.deepEqual(order(), order());
  assert.equal(order().messageId, "anna:o-1");
  const ids = Array.from({ length: 100 }, () => JSON.parse(message("anna", "Page", {})).messageId);
  assert.equal(new Set(ids).size, 100);
  assert.ok(ids.every((id) => id.length < 100));
  // Nor does one look like a card number, which the server would take out.
  assert.ok(ids.every((id) => !/(\d[-_. ]?){14}/.test(id)));
});
