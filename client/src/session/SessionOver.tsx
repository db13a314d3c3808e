import { useEffect, useId, useRef } from "react";
import { Button } from "../ui/Button";
import css from "./SessionOver.module.css";
import type { Person } from "./session";
import { useSignIn } from "./useSignIn";

/** Over the page, which stays: what was typed comes back after the sign-in. */
export function SessionOver({ person }: { person: Person }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const { busy, fault, go } = useSignIn();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={css.dialog} aria-labelledby={heading}>
      <h2 id={heading}>Your session has ended</h2>
      <p>Sign in again as {person.name} to go on. You will come back to this page, with what you have typed.</p>
      {fault && (
        <p role="alert" className={css.fault}>
          {fault}
        </p>
      )}
      <div className={css.actions}>
        <Button look="primary" disabled={busy} autoFocus onClick={go}>
          {busy ? "Going to the sign-in page" : "Sign in again"}
        </Button>
        <Button onClick={() => dialog.current?.close()}>Not now</Button>
      </div>
    </dialog>
  );
}
