import { type ReactNode, useLayoutEffect, useRef } from "react";
import { Icon } from "../ui/Icon";
import css from "./Drawer.module.css";

/** The navigation where there is no room for it beside the page: a modal that keeps the focus and gives it back. */
export function Drawer({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const opened = box.current;
    opened?.showModal();
    return () => opened?.close();
  }, []);
  return (
    // What is around the drawer belongs to its dialog: a press there is one on the dialog itself.
    <dialog
      ref={box}
      className={css.drawer}
      aria-label="Menu"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className={css.inside}>
        <button type="button" className={css.close} aria-label="Close the menu" onClick={onClose}>
          <Icon name="close" size={18} />
        </button>
        {children}
      </div>
    </dialog>
  );
}
