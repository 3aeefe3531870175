import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { DECIDE_MS_MAX, makeAsker } from "../src/decide.ts";

const SERVER = { origin: "https://wink.example", key: "wk_ingest_1", decideKey: "wk_client_1" };
const OFFER = { decision: { id: "dec_1", verdict: "offer", title: "2.45 euro less", reason: "…" } };
const ALWAYS = new AbortController().signal;

afterEach(() => mock.restoreAll());

/** A server that answers after `ms`. */
function answeringAfter(ms: number, status = 200) {
  return mock.method(globalThis, "fetch", async () => {
    await new Promise((done) => setTimeout(done, ms));
    return Response.json(OFFER, { status });
  });
}

async function timed<Answer>(asked: Promise<Answer>): Promise<[Answer, number]> {
  const begun = performance.now();
  return [await asked, performance.now() - begun];
}

test("an offer that comes in time is the answer, and nothing is issued by asking", async () => {
  const fetched = answeringAfter(5);
  const asker = makeAsker(SERVER, async () => {}, ALWAYS);
  assert.deepEqual(await asker.decide("anna", { placement: "shipping", cart_cents: 2_740 }), OFFER.decision);
  const [, { body }] = fetched.mock.calls[0]!.arguments as unknown as [string, { body: string }];
  assert.deepEqual(JSON.parse(body), {
    identity: { namespace: "anonymous_id", value: "anna" }, channel: "web", placement: "shipping", cart_cents: 2_740,
    issue: "on_accept", accept_within_seconds: 86_400,
  });
});

test("what comes too late is no offer, and is still known as asked for", async () => {
  answeringAfter(3 * DECIDE_MS_MAX);
  const asker = makeAsker(SERVER, async () => {}, ALWAYS);
  const [answer, ms] = await timed(asker.decide("anna", { placement: "shipping" }));
  assert.equal(answer.verdict, "none");
  assert.equal(answer.id, undefined);
  assert.ok(ms < 2.5 * DECIDE_MS_MAX, `${ms} ms`);
  // The stream brings the same decision meanwhile: the moment has passed, so it is not shown after all.
  assert.equal(await asker.asked("dec_1"), true);
  assert.equal(await asker.asked("dec_2"), false);
});

test("events that take too long count in the same limit", async () => {
  const fetched = answeringAfter(0);
  const asker = makeAsker(SERVER, () => new Promise(() => {}), ALWAYS);
  const [answer, ms] = await timed(asker.decide("anna", { placement: "shipping" }));
  assert.deepEqual([answer.verdict, fetched.mock.callCount()], ["none", 0]);
  assert.ok(ms < 2.5 * DECIDE_MS_MAX, `${ms} ms`);
});

test("a refusal, a broken answer and a server that is away are no offer", async () => {
  const away = async () => { throw new TypeError("no way there"); };
  const broken = async () => new Response("<html>");
  for (const fetch of [away, broken, async () => new Response("{}", { status: 403 }), async () => Response.json({})]) {
    mock.method(globalThis, "fetch", fetch);
    const answer = await makeAsker(SERVER, async () => {}, ALWAYS).decide("anna", { placement: "shipping" });
    assert.equal(answer.verdict, "none");
    mock.restoreAll();
  }
});

test("who takes their yes back while events are on the way is not asked about any more", async () => {
  const fetched = answeringAfter(0);
  const over = new AbortController();
  let heard = (): void => {};
  const asker = makeAsker(SERVER, () => new Promise((done) => (heard = done)), over.signal);
  const asked = asker.decide("anna", { placement: "shipping" });
  over.abort();
  heard();
  assert.deepEqual([(await asked).verdict, fetched.mock.callCount()], ["none", 0]);
});
