import "../ui/tokens.css";
import "../ui/base.css";
import { type ComponentProps, lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { Header, type TabLink } from "../shell/Header";
import { SkeletonRows } from "../ui/Skeleton";
import css from "./Playground.module.css";

const Explorer = lazy(() => import("./Explorer"));

/** Every way out of here is another document, with another security policy. */
const PlainLink: TabLink = ({ to, end: _end, ...rest }: ComponentProps<TabLink>) => <a href={to} {...rest} />;

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <div className={css.page}>
      <Header link={PlainLink} playground />
      <main className={css.main} aria-label="GraphQL playground">
        <Suspense
          fallback={
            <div className={css.wait}>
              <SkeletonRows label="Loading playground" rows={3} height={140} />
            </div>
          }
        >
          <Explorer />
        </Suspense>
      </main>
    </div>
  </StrictMode>,
);
