// What the page says, in English and German. No line presses, counts down or shames: see the wording rules of the guide.

const en = {
  skip: 'To the cart',
  bannerTitle: 'May we watch how you use this page?',
  bannerText: 'We would look at how far you read, where you pause, and what is in your cart, to decide whether an offer helps you. Never what you type. If you say no, we keep that answer in your browser and nothing else, and the shop works the same.',
  no: 'No, thanks',
  yes: 'Yes, you may',
  brand: 'Corner Tea',
  search: 'Search',
  find: 'Find',
  found: 'This shop has two teas, and both are in your cart.',
  languages: 'Language',
  page: 'Corner Tea: your cart',
  title: 'Your cart',
  assam: 'Assam, 250 g',
  sencha: 'Sencha, 100 g',
  each: 'each',
  more: 'One more: ',
  fewer: 'One fewer: ',
  bill: 'What it comes to',
  subtotal: 'Tea',
  shipping: 'Shipping',
  shippingText: 'By post, two to three working days.',
  why: 'Why does shipping cost this much?',
  because: 'It is what the parcel costs us, for one packet as for ten.',
  less: 'Offer you took',
  total: 'Together',
  postcode: 'Postcode for the delivery',
  order: 'Place the order (nothing is bought)',
  ordered: 'Thank you. In a real shop, this would be an order.',
  empty: 'Your cart is empty.',
  allowed: 'You said yes to being watched on this page.',
  declined: 'You said no. Nothing is watched.',
  gpc: 'Your browser says no for you (Global Privacy Control). Nothing is watched.',
  takeBack: 'Take it back',
  askAgain: 'Choose again',
  panelTitle: 'What Wink sees',
  nothing: 'Nothing: it asks nothing, sets no cookie and stores nothing. The shop itself keeps your answer, so that you are not asked twice.',
  sees: 'This browser, by an id that was drawn for it: ',
  decision: 'The decision',
  noDecision: 'None was asked for yet. Rest on the shipping costs for a moment, with the mouse, by keyboard or by a tap.',
  answeredIn: 'Answered in',
  pushed: 'Came over the stream.',
  triggered: 'The shop\'s rule asked, and the answer came over the stream. After the hesitation was told, that took',
  verdicts: { offer: 'An offer', none: 'None, on purpose', held_out: 'None, to measure' },
  expected: 'expected to contribute',
  chance: 'chance',
  events: 'Events of this page',
  features: 'Features, with their age',
  noFeatures: 'Nobody is known yet.',
  feature: 'Feature',
  value: 'Value',
  age: 'Age',
  without: 'More features without data: ',
};

const de = {
  skip: 'Zum Warenkorb',
  bannerTitle: 'Dürfen wir zusehen, wie Sie diese Seite nutzen?',
  bannerText: 'Wir würden ansehen, wie weit Sie lesen, wo Sie innehalten und was im Warenkorb liegt, um zu entscheiden, ob Ihnen ein Angebot hilft. Nie, was Sie eintippen. Wenn Sie Nein sagen, behalten wir diese Antwort in Ihrem Browser und sonst nichts, und der Laden funktioniert genauso.',
  no: 'Nein, danke',
  yes: 'Ja, das dürfen Sie',
  brand: 'Tee an der Ecke',
  search: 'Suche',
  find: 'Finden',
  found: 'Dieser Laden hat zwei Tees, und beide liegen im Warenkorb.',
  languages: 'Sprache',
  page: 'Tee an der Ecke: Ihr Warenkorb',
  title: 'Ihr Warenkorb',
  assam: 'Assam, 250 g',
  sencha: 'Sencha, 100 g',
  each: 'je Stück',
  more: 'Eins mehr: ',
  fewer: 'Eins weniger: ',
  bill: 'Was es kostet',
  subtotal: 'Tee',
  shipping: 'Versand',
  shippingText: 'Mit der Post, zwei bis drei Werktage.',
  why: 'Warum kostet der Versand so viel?',
  because: 'So viel kostet uns das Paket, für eine Packung wie für zehn.',
  less: 'Angebot, das Sie nutzen',
  total: 'Zusammen',
  postcode: 'Postleitzahl für die Lieferung',
  order: 'Bestellung abschicken (es wird nichts gekauft)',
  ordered: 'Danke. In einem echten Laden wäre das jetzt eine Bestellung.',
  empty: 'Ihr Warenkorb ist leer.',
  allowed: 'Sie haben Ja dazu gesagt, dass wir auf dieser Seite zusehen.',
  declined: 'Sie haben Nein gesagt. Niemand sieht zu.',
  gpc: 'Ihr Browser sagt für Sie Nein (Global Privacy Control). Niemand sieht zu.',
  takeBack: 'Zurücknehmen',
  askAgain: 'Neu wählen',
  panelTitle: 'Was Wink sieht',
  nothing: 'Nichts: Es fragt nichts an, setzt kein Cookie und speichert nichts. Der Laden selbst merkt sich Ihre Antwort, damit Sie nicht zweimal gefragt werden.',
  sees: 'Diesen Browser, unter einer Kennung, die für ihn gezogen wurde: ',
  decision: 'Die Entscheidung',
  noDecision: 'Noch wurde nach keiner gefragt. Verweilen Sie kurz bei den Versandkosten: mit der Maus, der Tastatur oder durch Antippen.',
  answeredIn: 'Beantwortet in',
  pushed: 'Kam über den Strom.',
  triggered: 'Die Regel des Ladens hat gefragt, und die Antwort kam über den Strom. Seit das Zögern gemeldet wurde, dauerte das',
  verdicts: { offer: 'Ein Angebot', none: 'Bewusst keines', held_out: 'Keines, um zu messen' },
  expected: 'erwarteter Beitrag',
  chance: 'Wahrscheinlichkeit',
  events: 'Ereignisse dieser Seite',
  features: 'Merkmale mit ihrem Alter',
  noFeatures: 'Noch ist niemand bekannt.',
  feature: 'Merkmal',
  value: 'Wert',
  age: 'Alter',
  without: 'Weitere Merkmale ohne Daten: ',
};

const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;

/** The language of the page: German where it is asked for or the browser's, else English. */
export const language = asked.startsWith('de') ? 'de' : 'en';

/** All texts in that language. */
export const texts = language === 'de' ? de : en;

/** An amount as people of that language write it. */
export const money = (/** @type {number} */ cents) =>
  new Intl.NumberFormat(language, { style: 'currency', currency: 'EUR' }).format(cents / 100);

/** Finds an element of the page by its id. */
export function part(/** @type {string} */ id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** Makes an element with a text. */
export function made(/** @type {string} */ name, /** @type {string} */ text = '', /** @type {string} */ style = '') {
  const element = document.createElement(name);
  element.textContent = text;
  if (style) element.className = style;
  return element;
}
