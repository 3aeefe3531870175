// `Field Abandoned`: somebody began to fill in a field and left the page. Which field, by the name the shop gave it for this; never what
// stood in it.

import { on, onLeave, type Signal } from "../signal.ts";
import { nearest } from "../zones.ts";

export const fieldAbandoned: Signal = (emit, until) => {
  let field: string | undefined;
  on(until, ["input", "submit"], ({ type, target }) => {
    field = type === "input" ? nearest(target, "data-wink-field") : undefined;
  });
  onLeave(until, () => {
    if (field) emit("Field Abandoned", { field });
    field = undefined;
  });
};
