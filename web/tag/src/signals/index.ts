// All that is watched. Each is a file of its own that can be read, and left out, alone.

import type { Signal } from "../signal.ts";
import { cart } from "./cart.ts";
import { cursorStopped } from "./cursor_stopped.ts";
import { elementViewed } from "./element_viewed.ts";
import { fieldAbandoned } from "./field_abandoned.ts";
import { hesitated } from "./hesitated.ts";
import { pageEngaged } from "./page_engaged.ts";
import { search } from "./search.ts";

export const SIGNALS: readonly Signal[] = [pageEngaged, elementViewed, cursorStopped, hesitated, fieldAbandoned, cart, search];
