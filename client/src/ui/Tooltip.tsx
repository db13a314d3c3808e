import { type ReactNode, useId, useRef } from "react";
import css from "./Tooltip.module.css";

const EDGE = 8;

/** Words with an explanation, on hover, focus and tap. In the top layer, so that no table clips it. */
export function Tooltip({ tip, children }: { tip: ReactNode; children: ReactNode }) {
  const id = useId();
  const anchor = useRef<HTMLButtonElement>(null);
  const bubble = useRef<HTMLSpanElement>(null);

  const show = () => {
    const box = bubble.current;
    if (!box || !anchor.current || box.matches(":popover-open")) return;
    box.showPopover();
    // It hangs in the window, not on the page: what scrolls would leave it behind.
    window.addEventListener("scroll", hide, { once: true, capture: true, passive: true });
    const from = anchor.current.getBoundingClientRect();
    const below = from.bottom + box.offsetHeight + EDGE < window.innerHeight;
    const left = Math.min(from.left, window.innerWidth - box.offsetWidth - EDGE);
    box.style.left = `${Math.max(EDGE, left)}px`;
    box.style.top = `${below ? from.bottom + 6 : from.top - box.offsetHeight - 6}px`;
  };
  const hide = () => {
    if (bubble.current?.matches(":popover-open")) bubble.current.hidePopover();
  };

  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={css.anchor}
        aria-describedby={id}
        onMouseEnter={show}
        onMouseLeave={hide}
        onFocus={show}
        onBlur={hide}
        onClick={show}
        onKeyDown={(event) => event.key === "Escape" && hide()}
      >
        {children}
      </button>
      <span ref={bubble} id={id} role="tooltip" popover="manual" className={css.tip}>
        {tip}
      </span>
    </>
  );
}
