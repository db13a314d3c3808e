import type { FormEvent, ReactNode } from "react";
import { failureOf } from "../failure";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { FieldError } from "../ui/Field";
import { Icon } from "../ui/Icon";
import css from "./Trades.module.css";
import type { Faults } from "./drafts";

type Props = {
  title: string;
  hint?: ReactNode;
  submit: string;
  danger?: boolean;
  busy: boolean;
  error: Error | undefined;
  /** Faults the form has fields for stand there; the others stand below them. */
  faults: Faults;
  form: React.RefObject<HTMLFormElement | null>;
  onSubmit: () => Promise<void>;
  onClose: () => void;
  children: ReactNode;
};

export function EntryDialog({
  title,
  hint,
  submit,
  danger = false,
  busy,
  error,
  faults,
  form,
  onSubmit,
  onClose,
  children,
}: Props) {
  const send = (event: FormEvent) => {
    event.preventDefault();
    void onSubmit();
  };
  const homeless = ["", "id", "expectedVersion", "idempotencyKey"].filter((path) => faults[path]);
  return (
    <Dialog title={title} hint={hint} onClose={onClose}>
      <form ref={form} className={css.form} onSubmit={send} noValidate aria-label={title}>
        {children}
        {homeless.map((path) => (
          <FieldError key={path}>{faults[path]}</FieldError>
        ))}
        {error && <FieldError>{failureOf(error).detail}</FieldError>}
        <div className={css.actions}>
          <Button type="submit" look={danger ? "danger" : "primary"} disabled={busy}>
            <Icon name={danger ? "close" : "check"} />
            {busy ? "Sending" : submit}
          </Button>
          <Button onClick={onClose}>Back</Button>
        </div>
      </form>
    </Dialog>
  );
}
