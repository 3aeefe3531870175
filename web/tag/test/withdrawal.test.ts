import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { sendWithdrawals } from "../src/withdrawal.ts";

const SERVER = { origin: "https://wink.example", key: "wk_ingest_1", decideKey: undefined };
const NO = '{"messageId":"1"}';
const OTHER = '{"messageId":"2"}';

let entries: Map<string, string>;
beforeEach(() => {
  entries = new Map();
  const getItem = (name: string) => entries.get(name) ?? null;
  const setItem = (name: string, text: string) => void entries.set(name, text);
  const removeItem = (name: string) => void entries.delete(name);
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem, setItem, removeItem } });
  // A page that is closed tries nothing again.
  mock.method(globalThis, "setTimeout", () => 1);
});
afterEach(() => mock.restoreAll());

const turn = () => new Promise((done) => setImmediate(done));

/** A server that answers so, and what it is sent, as ids. */
function answering(answer: () => Promise<Response>) {
  const got: string[][] = [];
  const { mock: fetched } = mock.method(globalThis, "fetch", async (_url: unknown, { body }: { body: string }) => {
    got.push(JSON.parse(body).batch.map(({ messageId }: { messageId: string }) => messageId));
    return answer();
  });
  return { got, fetched };
}

const status = (number: number) => async () => new Response("{}", { status: number });
const away = async () => { throw new TypeError("no way there"); };

for (const [name, answer] of Object.entries({ "429": status(429), "503": status(503), "a key that is refused": status(401), "a page that may not": status(403), "no network": away })) {
  test(`a withdrawal that meets ${name} is sent by the next page, and then no more`, async () => {
    answering(answer);
    sendWithdrawals(SERVER, NO);
    await turn();
    assert.deepEqual([...entries.values()], [NO]);
    mock.restoreAll();
    const { got } = answering(status(200));
    sendWithdrawals(SERVER);
    await turn();
    assert.deepEqual([got, entries.size], [[["1"]], 0]);
    sendWithdrawals(SERVER);
    await turn();
    assert.equal(got.length, 1);
  });
}

test("without a withdrawal nothing is sent and nothing is kept", async () => {
  const { got } = answering(status(200));
  sendWithdrawals(SERVER);
  await turn();
  assert.deepEqual([got, entries.size], [[], 0]);
});

test("a second withdrawal waits beside the first, and neither takes the other away", async () => {
  answering(away);
  sendWithdrawals(SERVER, NO);
  await turn();
  mock.restoreAll();
  const { got } = answering(status(200));
  sendWithdrawals(SERVER);
  // The second comes while the first is on its way.
  sendWithdrawals(SERVER, OTHER);
  await turn();
  assert.deepEqual([got, entries.size], [[["1"], ["1", "2"]], 0]);
});

test("where a browser keeps nothing, the page still says it", async () => {
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: () => { throw new Error("denied"); } });
  const { got } = answering(status(200));
  sendWithdrawals(SERVER, NO);
  await turn();
  assert.deepEqual(got, [["1"]]);
});
