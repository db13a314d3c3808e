import { useId, useRef, useState, type ToggleEvent } from "react";
import { Button } from "../ui/Button";
import css from "./Account.module.css";
import { useSession, useSessionState } from "./session";
import { useSignIn } from "./useSignIn";

const EDGE = 8;

/** Who is signed in, and the way out. */
export default function Account() {
  const state = useSessionState();
  const { signOut } = useSession();
  const { busy, go } = useSignIn();
  const [open, setOpen] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  const id = useId();
  if (state.kind !== "signed-in" && state.kind !== "ended") return null;
  const { name, email } = state.person;

  const place = (event: ToggleEvent<HTMLDivElement>) => {
    const menu = event.currentTarget;
    setOpen(event.newState === "open");
    const from = anchor.current!.getBoundingClientRect();
    menu.style.top = `${from.bottom + EDGE}px`;
    menu.style.right = `${Math.max(EDGE, document.documentElement.clientWidth - from.right)}px`;
  };
  const leave = () => {
    setLeaving(true);
    void signOut();
  };

  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={css.button}
        popoverTarget={id}
        aria-expanded={open}
        aria-label={`Account of ${name}`}
      >
        <span className={css.initial} aria-hidden="true">
          {[...name][0]?.toUpperCase()}
        </span>
        <span className={css.name}>{name}</span>
      </button>
      <div id={id} popover="auto" className={css.menu} onToggle={place}>
        <p className={css.who}>
          <strong>{name}</strong>
          {email && email !== name && <span>{email}</span>}
        </p>
        {state.kind === "ended" ? (
          <Button small look="primary" disabled={busy} onClick={go}>
            Sign in again
          </Button>
        ) : (
          <Button small disabled={leaving} onClick={leave}>
            {leaving ? "Signing out" : "Sign out"}
          </Button>
        )}
      </div>
    </>
  );
}
