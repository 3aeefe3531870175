// `Products Searched`: that somebody searched. Not for what: that is what they typed.

import { on, type Signal } from "../signal.ts";
import { within } from "../zones.ts";

export const search: Signal = (emit, until) => {
  on(until, ["submit"], ({ target }) => {
    if (within(target, "[role=search],search")) emit("Products Searched");
  });
};
