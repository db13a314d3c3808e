import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import css from "./Dialog.module.css";
import { Icon } from "./Icon";

type Props = { title: string; hint?: ReactNode; onClose: () => void; children: ReactNode };

/** A modal of the browser's own: it keeps the focus, gives it back, and Escape closes it. */
export function Dialog({ title, hint, onClose, children }: Props) {
  const id = useId();
  const box = useRef<HTMLDialogElement>(null);
  // Closed while it is still on the page: out of it, it could not give the focus back.
  useLayoutEffect(() => {
    const opened = box.current;
    opened?.showModal();
    return () => opened?.close();
  }, []);
  return (
    <dialog
      ref={box}
      className={css.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        // Else the browser closes it by itself and the page believes that it is open.
        event.preventDefault();
        onClose();
      }}
    >
      <header className={css.head}>
        <div>
          <h2 id={id}>{title}</h2>
          {hint && <p className={css.hint}>{hint}</p>}
        </div>
        <button type="button" className={css.close} aria-label="Close the dialog" onClick={onClose}>
          <Icon name="close" size={18} />
        </button>
      </header>
      <div className={css.body}>{children}</div>
    </dialog>
  );
}
