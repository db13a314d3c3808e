/** What the page knows of waits that the server asked for, so that it can say why nothing moves. */

const listeners = new Set<() => void>();
let nextTry = 0;

/** A request waits this long before it is sent again. */
export function waitFor(ms: number) {
  nextTry = Math.max(nextTry, Date.now() + ms);
  for (const listener of listeners) listener();
}

export function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** When the next try is, in milliseconds since 1970; in the past where nothing waits. */
export const currentWait = () => nextTry;
