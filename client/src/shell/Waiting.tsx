import { useEffect, useState, useSyncExternalStore } from "react";
import { currentWait, subscribe } from "../patience";
import { Icon } from "../ui/Icon";
import css from "./Waiting.module.css";

const SECOND = 1000;
// A shorter wait is over before it is read.
const WORTH_A_WORD_MS = 3 * SECOND;

/** Why nothing moves: the server asked for a pause, and the page keeps to it. */
export function Waiting() {
  const nextTry = useSyncExternalStore(subscribe, currentWait);
  const [now, setNow] = useState(Date.now);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const left = nextTry - Date.now();
    if (left <= 0) return;
    setNow(Date.now());
    setShown(left > WORTH_A_WORD_MS);
    const ticking = setInterval(() => setNow(Date.now()), SECOND);
    const over = setTimeout(() => (clearInterval(ticking), setShown(false)), left);
    return () => (clearInterval(ticking), clearTimeout(over));
  }, [nextTry]);
  if (!shown) return null;
  const seconds = Math.max(1, Math.ceil((nextTry - now) / SECOND));
  return (
    <p className={css.waiting}>
      <Icon name="info" />
      <span role="status">Many requests at once: the server asked for a pause.</span>
      <span aria-hidden="true">{seconds} s</span>
    </p>
  );
}
