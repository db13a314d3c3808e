import { useQuery } from "@apollo/client/react";
import { DashboardBooksDocument, type DashboardBooksQuery } from "../graphql/generated";
import { EquityCard } from "../portfolio/EquityCard";
import { Missing, Stale } from "../portfolio/Notices";
import { Positions } from "../portfolio/Positions";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { ago, day } from "../ui/format";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import css from "./Dashboard.module.css";
import { Headline } from "./Headline";
import { Market } from "./Market";
import { RecentTrades } from "./RecentTrades";
import { Welcome } from "./Welcome";
import { Work } from "./Work";

export type Dashboard = DashboardBooksQuery["dashboard"];

const TODAY = { validAt: null, knownAt: null, currency: "AUD" } as const;
const SHOWN = 8;

export default function DashboardPage() {
  useTitle("Dashboard");
  const { data, error, refetch } = useQuery(DashboardBooksDocument, { fetchPolicy: "cache-and-network" });
  const dashboard = data?.dashboard;
  return (
    <div className={css.page}>
      <div className={css.head}>
        <div>
          <h1>Dashboard</h1>
          <p>{dashboard ? subtitle(dashboard) : " "}</p>
        </div>
      </div>
      {/* Whether the data can be trusted is not asked for with the books, which are quicker. */}
      <Market />
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : dashboard ? (
        <Books dashboard={dashboard} />
      ) : (
        <SkeletonRows label="Loading your books" rows={2} height={180} />
      )}
      <Work />
    </div>
  );
}

function subtitle({ portfolio, lastUpdated }: Dashboard): string {
  const updated = portfolio.recordedSince ? `last change ${ago(lastUpdated)}` : "nothing recorded yet";
  return `${day(portfolio.validAt)}, in Australian dollars; ${updated}`;
}

function Books({ dashboard }: { dashboard: Dashboard }) {
  const { portfolio, recentTrades } = dashboard;
  if (!portfolio.recordedSince) return <Welcome />;
  return (
    <>
      <Missing symbols={portfolio.missingPrices} />
      <Stale positions={portfolio.positions} on={portfolio.validAt} />
      <Headline dashboard={dashboard} />
      <EquityCard view={TODAY} />
      <div className={css.two}>
        <Holdings portfolio={portfolio} />
        <RecentTrades trades={recentTrades} />
      </div>
    </>
  );
}

function Holdings({ portfolio }: { portfolio: Dashboard["portfolio"] }) {
  const held = [...portfolio.positions].sort((one, other) => Math.abs(other.weight ?? 0) - Math.abs(one.weight ?? 0));
  return (
    <Card
      title="Largest holdings"
      hint={held.length > SHOWN ? `${SHOWN} of ${held.length}` : undefined}
      flush
      tools={
        <ButtonLink to="/portfolio" small look="quiet">
          Portfolio
        </ButtonLink>
      }
    >
      {held.length ? (
        <Positions positions={held.slice(0, SHOWN)} currency="AUD" brief />
      ) : (
        <Empty title="Nothing is held">
          <p>All of it is cash.</p>
        </Empty>
      )}
    </Card>
  );
}
