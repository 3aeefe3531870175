import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { BACKOFF_MS_MAX, BATCH_CHARACTERS_MAX, GATHER_MS, makeQueue, QUEUE_MAX } from "../src/queue.ts";

/** A server that answers as it is told, and remembers what it got. */
function server(...answers: number[]) {
  const got: string[][] = [];
  return { got, send: async (messages: readonly string[]) => (got.push([...messages]), answers.shift() ?? 0) };
}

const turn = () => new Promise((done) => setImmediate(done));
const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
afterEach(() => Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear }));

/** A clock that stands still until it is moved. */
function clock() {
  let now = 0;
  const timers: { at: number; call: () => void }[] = [];
  const clearTimeout = (timer: object) => timers.splice(timers.findIndex((one) => one === timer) >>> 0, 1);
  const setTimeout = (call: () => void, ms: number) => (timers.push({ at: now + ms, call }), timers[timers.length - 1]);
  Object.assign(globalThis, { setTimeout, clearTimeout });
  return async (ms: number) => {
    now += ms;
    for (const due of timers.filter(({ at }) => at <= now)) {
      clearTimeout(due);
      due.call();
    }
    await turn();
  };
}

test("messages are gathered and sent in order, once", async () => {
  const pass = clock();
  const { got, send } = server();
  const queue = makeQueue(send);
  ["a", "b", "c"].forEach(queue.put);
  await pass(GATHER_MS - 1);
  assert.deepEqual(got, []);
  await pass(1);
  assert.deepEqual(got, [["a", "b", "c"]]);
  await pass(10 * BACKOFF_MS_MAX);
  assert.equal(got.length, 1);
});

test("an empty queue can be flushed, and what comes after it is sent", async () => {
  const { got, send } = server();
  const queue = makeQueue(send);
  await queue.flush();
  queue.put("a");
  await queue.flush();
  assert.deepEqual(got, [["a"]]);
});

test("what could not be sent is sent again, the same and first, and not at once", async () => {
  const pass = clock();
  const { got, send } = server(1, 1);
  const queue = makeQueue(send);
  queue.put("a");
  await queue.flush();
  queue.put("b");
  // Whoever asks meanwhile does not make the server come back.
  await queue.flush();
  assert.deepEqual(got, [["a"]]);
  await pass(GATHER_MS);
  assert.deepEqual(got, [["a"], ["a", "b"]]);
  await pass(2 * GATHER_MS);
  assert.deepEqual(got, [["a"], ["a", "b"], ["a", "b"]]);
});

test("a server that says how long to wait is left alone for as long", async () => {
  const pass = clock();
  const { got, send } = server(30_000);
  const queue = makeQueue(send);
  queue.put("a");
  await queue.flush();
  await pass(29_999);
  assert.equal(got.length, 1);
  await pass(1);
  assert.equal(got.length, 2);
});

test("while the server is away the queue stays bounded, and keeps what came first", async () => {
  const pass = clock();
  const { got, send } = server(1);
  const queue = makeQueue(send);
  queue.put("the yes");
  await queue.flush();
  for (let number = 0; number < 10 * QUEUE_MAX; number += 1) queue.put(String(number));
  await pass(BACKOFF_MS_MAX);
  const sent = got.slice(1).flat();
  assert.equal(sent.length, QUEUE_MAX);
  assert.deepEqual(sent.slice(0, 2), ["the yes", "0"]);
});

test("a batch fits into what a closing page may send", async () => {
  const { got, send } = server();
  const queue = makeQueue(send);
  for (let number = 0; number < 40; number += 1) queue.put("x".repeat(1_000));
  queue.put("y".repeat(2 * BATCH_CHARACTERS_MAX));
  await queue.flush();
  assert.equal(got.flat().length, 41);
  for (const batch of got) assert.ok(batch.length === 1 || batch.join("").length <= BATCH_CHARACTERS_MAX);
});

test("a page that goes sends all of it without waiting for an answer", async () => {
  const got: string[][] = [];
  const queue = makeQueue((messages) => (got.push([...messages]), new Promise(() => {})));
  queue.put("x".repeat(BATCH_CHARACTERS_MAX));
  queue.put("b");
  queue.leave();
  assert.deepEqual(got.map((batch) => batch[0]?.slice(0, 1)), ["x", "b"]);
});
