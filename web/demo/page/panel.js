// The panel: what Wink sees of whoever looks at the page, read from the server as staff would read it. Silent until there is a yes.
// @ts-check
import { language, made, part, texts } from './texts.js';

/** The panel asks this often while somebody looks: the age of what is known can be watched growing. */
const EVERY_MS = 2_000;

/** Events shown; older ones are at the server. */
const EVENTS_MAX = 8;

/** @returns {import('../../tag/src/main.ts').Wink | undefined} */
const wink = () => /** @type {any} */ (window).wink;

/** @type {string | undefined} */
let profile;

/** A decision that comes later after a hesitation has another cause. */
const CAUSED_WITHIN_MS = 5_000;
let hesitatedAt = -Infinity;

document.addEventListener('wink:event', (heard) => {
  const { event, properties } = /** @type {CustomEvent} */ (heard).detail;
  if (event === 'Hesitated') hesitatedAt = performance.now();
  const line = made('li', event);
  if (Object.keys(properties).length) line.append(made('code', JSON.stringify(properties)));
  part('events').prepend(line);
  part('events').children[EVENTS_MAX]?.remove();
});

document.addEventListener('wink:decision', async (heard) => {
  const { answer, ms } = /** @type {CustomEvent} */ (heard).detail;
  const box = made('div');
  const since = performance.now() - hesitatedAt;
  const pushed = since < CAUSED_WITHIN_MS ? `${texts.triggered} ${Math.round(since)} ms.` : texts.pushed;
  hesitatedAt = -Infinity;
  const how = ms === undefined ? pushed : `${texts.answeredIn} ${ms} ms.`;
  /** @type {Record<string, string>} */
  const verdicts = texts.verdicts;
  box.append(made('span', verdicts[answer.verdict], 'verdict'), made('p', how, 'small'));
  part('decision').replaceChildren(box);
  // What a page hears over its stream leaves the reason out: the panel asks for it as the shop's staff would.
  const trace = answer.id && (await read(`/v1/decisions/${answer.id}/trace`));
  box.append(english(made('p', (trace || answer).reason)));
  if (trace) box.append(english(candidates(trace)));
});

setInterval(look, EVERY_MS);
look();

async function look() {
  const id = wink()?.id;
  part('seen').hidden = !id;
  if (!id) {
    profile = undefined;
    part('state').textContent = texts.nothing;
    return;
  }
  if (document.hidden) return;
  part('state').textContent = `${texts.sees}${id}`;
  profile ??= (await read('/v1/profiles/lookup', { identity: { namespace: 'anonymous_id', value: id } }))?.id;
  const features = profile && (await read(`/v1/profiles/${profile}/features`));
  if (features) part('features').replaceChildren(...known(features.data));
}

/**
 * Reads something as staff may. This page can, because its server was started without keys.
 * @param {string} path
 * @param {object} [question]
 */
async function read(path, question) {
  try {
    const answer = await fetch(path, question && { method: 'POST', body: JSON.stringify(question) });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** @param {{ name: string, meaning: string, state: string, value?: unknown, age_seconds?: number }[]} features */
function known(features) {
  const there = features.filter((feature) => feature.state === 'known');
  const rows = there.map((feature) => [feature.meaning, shown(feature.value), age(feature.age_seconds ?? 0)]);
  const rest = made('p', `${texts.without}${features.length - there.length}`, 'small');
  return there.length ? [english(table([texts.feature, texts.value, texts.age], rows)), rest] : [rest];
}

/** @param {{ candidates?: { what: string, score?: string, probability: string, why_not?: string }[] }} trace */
function candidates({ candidates = [] }) {
  const list = made('ul', '', 'candidates');
  for (const { what, score, probability, why_not: whyNot } of candidates) {
    const line = made('li', what);
    const numbers = made('p', `${texts.chance} ${probability}${score ? `, ${texts.expected} ${score}` : ''}`, 'small');
    numbers.lang = language;
    line.append(numbers);
    if (whyNot) line.append(made('p', whyNot, 'small'));
    list.append(line);
  }
  return list;
}

/**
 * @param {string[]} heads
 * @param {string[][]} rows
 */
function table(heads, rows) {
  const line = (/** @type {string} */ cell, /** @type {string[]} */ texts) => {
    const row = made('tr');
    row.append(...texts.map((text) => made(cell, text)));
    return row;
  };
  const [head, body, whole] = [made('thead'), made('tbody'), made('table')];
  const titles = line('th', heads);
  for (const title of titles.children) title.setAttribute('scope', 'col');
  titles.lang = language;
  head.append(titles);
  body.append(...rows.map((row) => line('td', row)));
  whole.append(head, body);
  return whole;
}

/** What the server says of its own is English, whatever the page is. */
function english(/** @type {HTMLElement} */ element) {
  element.lang = 'en';
  return element;
}

function shown(/** @type {unknown} */ value) {
  if (typeof value === 'number') return value.toLocaleString(language, { maximumFractionDigits: 2 });
  return Object.entries(value ?? {}).map(([name, share]) => `${name} ${Math.round(100 * share)} %`).join(', ');
}

function age(/** @type {number} */ seconds) {
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 0 }).format(count);
}
