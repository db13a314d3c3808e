import { type ReactNode, useId } from "react";
import css from "./Card.module.css";

type Props = { title: string; hint?: ReactNode; tools?: ReactNode; flush?: boolean; children: ReactNode };

export function Card({ title, hint, tools, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={css.card} aria-labelledby={id}>
      <header className={css.head}>
        <div>
          <h2 id={id}>{title}</h2>
          {hint && <p className={css.hint}>{hint}</p>}
        </div>
        {tools && <div className={css.tools}>{tools}</div>}
      </header>
      <div className={flush ? css.flush : css.body}>{children}</div>
    </section>
  );
}
