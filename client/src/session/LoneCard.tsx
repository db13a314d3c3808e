import type { ReactNode } from "react";
import css from "./LoneCard.module.css";

/** A page of one card: for what comes before the application, or in place of it. */
export function LoneCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={css.page}>
      <div className={css.card}>
        <div className={css.brand}>
          <img src="/parakeet.svg" alt="" width="26" height="26" />
          Potential Parakeet
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
