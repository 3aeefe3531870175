// The queue of messages: bounded, in order, sent in batches, sent again with the same ids. It lives in memory and ends with the page.

/** More are not kept while the server is away. What came first stays: it has the yes that the rest hangs on. */
export const QUEUE_MAX = 200;

/** What a browser lets a closing page send is 64 KiB in all. */
export const BATCH_CHARACTERS_MAX = 16_000;

/** Messages wait this long for others. */
export const GATHER_MS = 1_000;

/** Between two tries there is never more than this, unless the server asks for it. */
export const BACKOFF_MS_MAX = 60_000;

/** Sends messages: 0, or not a number, if that is done, else the milliseconds to wait at least. */
export type Send = (texts: readonly string[]) => Promise<number>;

export interface Queue {
  /** Takes a message. */
  put(message: string): void;
  /** Sends what waits. Done when it was sent, or when it is clear that it cannot be now. */
  flush(): Promise<void>;
  /** Sends all that waits at once, as the page may be gone before an answer comes. */
  leave(): void;
}

export function makeQueue(send: Send): Queue {
  const waiting: string[] = [];
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;

  const stopWaiting = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const later = (ms: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, ms);
  };
  /** Sends the first of what waits; whether more can follow. */
  const sendSome = async (): Promise<boolean> => {
    const batch = waiting.splice(0, fitting(waiting));
    const wait = await send(batch);
    if (!wait) {
      failures = 0;
      return true;
    }
    waiting.unshift(...batch);
    // Between a half and the whole of it, so that the shop's pages do not come back all at once.
    const backoff = Math.min(GATHER_MS * 2 ** failures, BACKOFF_MS_MAX) * (1 - Math.random() / 2);
    failures += 1;
    stopWaiting();
    if (waiting.length) later(Math.max(wait, backoff));
    return false;
  };
  const drain = async (): Promise<void> => {
    while (waiting.length && (await sendSome()));
  };
  const flush = async (): Promise<void> => {
    // While the server is away, who asks again does not make it come back.
    if (failures && timer) return;
    stopWaiting();
    await (sending ??= drain().finally(() => {
      sending = undefined;
    }));
  };
  return {
    put(message) {
      if (waiting.length < QUEUE_MAX) waiting.push(message);
      later(GATHER_MS);
    },
    flush,
    leave() {
      while (waiting.length) void sendSome();
    },
  };
}

/** How many of the first messages fit into a batch; at least one. */
function fitting(messages: readonly string[]): number {
  let characters = 0;
  const over = messages.findIndex(({ length }) => BATCH_CHARACTERS_MAX < (characters += length));
  return over < 0 ? messages.length : Math.max(over, 1);
}
