// What the tests in a browser have in common: Debian's Chromium, a shop's pages, and a server that remembers what it was told.
import { createServer } from 'node:http';
import { need } from './kit.mjs';

/** As Debian installs it. */
const CHROMIUM = process.env.WINK_CHROMIUM ?? '/usr/bin/chromium';

export async function launch() {
  // Tests run as root where a machine is made for them, and Chromium's sandbox does not.
  return need('playwright-core').chromium.launch({ executablePath: CHROMIUM, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
}

/** Listens on a free port of this machine. */
async function listen(answer) {
  const server = createServer(answer);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const close = () => { server.closeAllConnections(); server.close(); };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

/** What a strict shop lets its pages do: no text that becomes code, no style that is not a file. */
const policy = (wink) => `default-src 'none'; script-src 'self' 'nonce-page' ${wink}; style-src 'self'; connect-src 'self' ${wink}; require-trusted-types-for 'script'`;

/** A shop of the pages in `pages`, by path. The tag is on each of them. */
export async function shop(wink, pages) {
  const site = await listen((request, response) => {
    const body = pages[request.url.split('?')[0]];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy(wink) });
    response.end(`<!doctype html><html lang="en"><title>Shop</title>
      <script src="${wink}/tag.js" data-key="wk_ingest_1" data-decide-key="wk_client_1" defer></script>${body ?? ''}</html>`);
  });
  return site;
}

/** A server that speaks as Wink does, says what a test wants it to say, and remembers everything. */
export async function fakeWink(tag) {
  const wink = { requests: [], messages: [], streams: [], status: 200, decideAfterMs: 0, acceptStatus: 200, decision: { id: 'dec_1', verdict: 'none', reason: 'No offer.' } };
  const answers = {
    '/v1/batch': (body) => {
      if (wink.status === 200) wink.messages.push(...body.batch);
      return [wink.status, { success: true }];
    },
    '/v1/decisions': async () => {
      await new Promise((done) => setTimeout(done, wink.decideAfterMs));
      return [200, { decision: wink.decision, dry_run: false }];
    },
    '/v1/exposures': () => [200, { status: 'accepted', id: 'evt_1' }],
  };
  const site = await listen(async (request, response) => {
    const path = request.url.split('?')[0];
    const cors = {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
    };
    if (path === '/tag.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(tag);
    if (request.method === 'OPTIONS') return response.writeHead(204, cors).end();
    const text = await new Promise((done) => {
      let read = '';
      request.on('data', (chunk) => { read += chunk; }).on('end', () => done(read));
    });
    const body = text ? JSON.parse(text) : undefined;
    wink.requests.push({ path, body, headers: request.headers });
    if (path === '/v1/stream') {
      wink.streams.push(response);
      return response.writeHead(200, { ...cors, 'content-type': 'text/event-stream' }).write('id: 1\n\n');
    }
    const answer = path.endsWith('/accept') ? () => [wink.acceptStatus, { coupon: 'cpn_1' }] : answers[path];
    const [status, json] = answer ? await answer(body) : [404, {}];
    return response.writeHead(status, { ...cors, 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  return Object.assign(wink, site);
}

/** Everything a page could leave in a browser, or ask of one: counted from its first moment on. */
export async function watched(context) {
  await context.addInitScript(() => {
    window.touched = [];
    for (const name of ['getItem', 'setItem', 'removeItem', 'key', 'clear']) {
      const real = Storage.prototype[name];
      Storage.prototype[name] = function touch(...words) {
        window.touched.push(`${name} ${words[0]}`);
        return real.apply(this, words);
      };
    }
    const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    Object.defineProperty(Document.prototype, 'cookie', {
      get() { window.touched.push('reads cookie'); return cookie.get.call(this); },
      set(text) { window.touched.push('writes cookie'); cookie.set.call(this, text); },
    });
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => window.violations.push(violatedDirective));
  });
  const seen = { requests: [], errors: [] };
  context.on('request', (request) => { if (request.resourceType() !== 'document') seen.requests.push(new URL(request.url()).pathname); });
  context.on('weberror', (error) => seen.errors.push(error.error().message));
  return seen;
}

/** What lies in the browser for the page. */
export async function kept(page) {
  const stores = await page.evaluate(async () => ({
    touched: window.touched,
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: (await indexedDB.databases()).length,
    caches: window.caches ? (await caches.keys()).length : 0,
  }));
  return { ...stores, cookies: (await page.context().cookies()).length };
}

/** Waits until something is so; fails with what it was instead. */
export async function until(look, what, patienceMs = 15_000) {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (end < Date.now()) throw new Error(`${what}: not within ${patienceMs} ms`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
