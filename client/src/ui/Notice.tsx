import type { ReactNode } from "react";
import { SessionEnded } from "../session/session";
import { useSignIn } from "../session/useSignIn";
import { Button } from "./Button";
import { FieldError } from "./Field";
import { failureOf } from "../failure";
import { Icon } from "./Icon";
import css from "./Notice.module.css";

const ICONS = { good: "check", bad: "warn", warn: "warn", plain: "info" } as const;

type Props = { tone?: keyof typeof ICONS; title: string; children?: ReactNode; actions?: ReactNode };

export function Notice({ tone = "plain", title, children, actions }: Props) {
  return (
    <div className={[css.notice, css[tone]].filter(Boolean).join(" ")} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={ICONS[tone]} size={18} />
      <div className={css.body}>
        <h2>{title}</h2>
        {children}
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {children}
      {action}
    </div>
  );
}

export function LoadError({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, detail, reference } = failureOf(error);
  return (
    <Notice
      tone="bad"
      title={title}
      actions={error instanceof SessionEnded ? <SignInAgain /> : <TryAgain onClick={onRetry} />}
    >
      <p>{detail}</p>
      {reference && <p className={css.reference}>Reference {reference}</p>}
    </Notice>
  );
}

function TryAgain({ onClick }: { onClick: () => void }) {
  return (
    <Button small onClick={onClick}>
      <Icon name="again" />
      Try again
    </Button>
  );
}

function SignInAgain() {
  const { busy, fault, go } = useSignIn();
  return (
    <>
      <Button small disabled={busy} onClick={go}>
        Sign in again
      </Button>
      {fault && <FieldError>{fault}</FieldError>}
    </>
  );
}
