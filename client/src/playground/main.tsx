import { lazy, Suspense } from "react";
import { begin } from "../begin";
import { PLAYGROUND } from "../paths";
import { Frame } from "../shell/Frame";
import type { PageLink } from "../shell/Navigation";
import { SkeletonRows } from "../ui/Skeleton";
import { Permitted } from "./Permitted";
import css from "./Playground.module.css";

const Explorer = lazy(() => import("./Explorer"));

/** Every way out of here is another document, with another security policy. */
const PlainLink: PageLink = ({ to, ...rest }) => <a href={to} {...rest} />;

void begin(PLAYGROUND, () => (
  <Frame link={PlainLink} path={PLAYGROUND}>
    <main className={css.main} aria-label="GraphQL playground">
      <Suspense
        fallback={
          <div className={css.wait}>
            <SkeletonRows label="Loading playground" rows={3} height={140} />
          </div>
        }
      >
        <Permitted>
          <Explorer />
        </Permitted>
      </Suspense>
    </main>
  </Frame>
));
