import { type ComponentProps, lazy, Suspense } from "react";
import { begin } from "../begin";
import { PLAYGROUND } from "../paths";
import { Header, type TabLink } from "../shell/Header";
import { SkeletonRows } from "../ui/Skeleton";
import css from "./Playground.module.css";

const Explorer = lazy(() => import("./Explorer"));

/** Every way out of here is another document, with another security policy. */
const PlainLink: TabLink = ({ to, end: _end, ...rest }: ComponentProps<TabLink>) => <a href={to} {...rest} />;

void begin(PLAYGROUND, () => (
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
));
