// The server, as far as the tag speaks with it: four requests, and no cookie with any of them.

/** Where the server is, and the publishable keys that may be used from this page's origin. */
export interface Server {
  /** Its address, without a path. */
  readonly origin: string;
  /** The key of the role `ingest`: it sends events. */
  readonly key: string;
  /** The key of the role `client`: it asks for decisions. Without one there is no offer. */
  readonly decideKey: string | undefined;
}

/** A request that carries nothing of the person beside what is in it, and outlives the page. */
const ALWAYS = { method: "POST", credentials: "omit", keepalive: true } as const;

/** Waits this long at most where a server says how long. */
const WAIT_MS_MAX = 300_000;

/**
 * Sends a batch of messages: the answer is 0 if that is done, or else how many milliseconds to wait at least before it is sent again. Not a
 * number is said where the key is refused: from this page nothing will be heard, but the next one may have another.
 *
 * The key lies in the body and the body is plain text: so there is no preflight, and a page that closes can still send it.
 */
export async function sendBatch({ origin, key }: Server, messages: readonly string[]): Promise<number> {
  const frame = JSON.stringify({ writeKey: key, sentAt: new Date() });
  const body = `${frame.slice(0, -1)},"batch":[${messages.join()}]}`;
  try {
    const { status, headers } = await fetch(`${origin}/v1/batch`, { ...ALWAYS, body });
    const is = (pattern: RegExp): boolean => pattern.test(status as unknown as string);
    // Refused for good is done, too: the same again would be refused again.
    return is(/40[13]/) ? NaN : is(/408|429|5../) ? Math.min(1 + 1_000 * (+headers.get("retry-after")! || 0), WAIT_MS_MAX) : 0;
  } catch {
    return 1;
  }
}

/** Asks something that only the key for decisions may. Fails where the answer is not the one hoped for. */
export async function ask<Answer>({ origin, decideKey }: Server, path: string, question?: object): Promise<Answer> {
  if (!decideKey) throw path;
  const headers = { authorization: `Bearer ${decideKey}` };
  // Without a question there is no text, and no body.
  const body = JSON.stringify(question) ?? null;
  const response = await fetch(origin + path, { ...ALWAYS, headers, body });
  if (!response.ok) throw path;
  return response.json() as Promise<Answer>;
}
