import { useQuery } from "@apollo/client/react";
import { PortfolioDocument, type PortfolioQuery } from "../graphql/generated";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { Controls } from "./Controls";
import { EquityCard } from "./EquityCard";
import { Gains } from "./Gains";
import css from "./PortfolioPage.module.css";
import { Missing, Stale } from "./Notices";
import { Positions } from "./Positions";
import { Returns } from "./Returns";
import { Stats } from "./Stats";
import { Treemap } from "./Treemap";
import { useView, type View } from "./view";

export default function PortfolioPage() {
  useTitle("Portfolio");
  const state = useView();
  const { data, previousData, error, refetch } = useQuery(PortfolioDocument, {
    variables: state.view,
    fetchPolicy: "cache-and-network",
  });
  const shown = (data ?? previousData)?.portfolio;
  return (
    <div className={css.page}>
      <div className={css.head}>
        <div>
          <h1>Portfolio</h1>
          <p>What you hold, what it earned and where that came from, on any day and from what was known at any time.</p>
        </div>
      </div>
      <Controls state={state} recordedSince={shown?.recordedSince ?? null} />
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : shown ? (
        <div className={`${css.page} ${data ? "" : css.stale}`}>
          <Books portfolio={shown} view={state.view} />
        </div>
      ) : (
        <SkeletonRows label="Loading portfolio" rows={3} height={150} />
      )}
    </div>
  );
}

function Books({ portfolio, view }: { portfolio: PortfolioQuery["portfolio"]; view: View }) {
  const { positions, currency, byTicker, byStrategy } = portfolio;
  if (!portfolio.recordedSince) return <NothingRecorded />;
  return (
    <>
      <Missing symbols={portfolio.missingPrices} />
      <Stale positions={positions} on={portfolio.validAt} />
      <Returns portfolio={portfolio} />
      <EquityCard view={view} />
      <Card
        title="Holdings"
        hint="Area is the share of all holdings; the stronger the colour, the larger the gain or the loss since entry."
        flush
      >
        {positions.length === 0 ? (
          <Empty title="Nothing is held">
            <p>At this point all of it is cash.</p>
          </Empty>
        ) : (
          <>
            <div className={css.map}>
              <Treemap positions={positions} />
            </div>
            <Positions positions={positions} currency={currency} />
          </>
        )}
      </Card>
      <Gains portfolio={portfolio} />
      {byTicker.length > 0 && (
        <div className={css.two}>
          <Stats title="By symbol" head="Symbol" rows={byTicker} currency={currency} unnamed="" />
          <Stats title="By strategy" head="Strategy" rows={byStrategy} currency={currency} unnamed="none named" />
        </div>
      )}
    </>
  );
}

function NothingRecorded() {
  return (
    <Card title="Nothing is recorded yet" flush>
      <Empty
        title="Begin with what you have"
        action={
          <ButtonLink to="/trades" look="primary">
            Record or import trades
          </ButtonLink>
        }
      >
        <p>
          Record the money you paid in and the trades you made, or import them from a file. Values, returns and gains
          are then told here for every day since.
        </p>
      </Empty>
    </Card>
  );
}
