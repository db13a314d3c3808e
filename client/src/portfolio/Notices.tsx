import type { PositionRowFragment } from "../graphql/generated";
import { ButtonLink } from "../ui/Button";
import { day } from "../ui/format";
import { Notice } from "../ui/Notice";
import { stalePrice } from "./stale";

export function Missing({ symbols }: { symbols: readonly string[] }) {
  if (symbols.length === 0) return null;
  const [first, ...others] = symbols;
  const named =
    others.length > 4 ? `${symbols.slice(0, 4).join(", ")} and ${symbols.length - 4} more` : symbols.join(", ");
  return (
    <Notice
      tone="warn"
      title={others.length ? `${symbols.length} holdings have no price` : `${first} has no price`}
      actions={
        <ButtonLink to="/data" small>
          Fetch prices
        </ButtonLink>
      }
    >
      <p>
        {named}: no close or no exchange rate is known near {others.length ? "their" : "its"} entry or later. The value
        leaves {others.length ? "them" : "it"} out; returns are unknown while that is so.
      </p>
    </Notice>
  );
}

/** Values that rest on old closes are not wrong, but they are not of that day either. */
export function Stale({ positions, on }: { positions: readonly PositionRowFragment[]; on: string }) {
  const last = stalePrice(positions, on);
  if (last === null) return null;
  return (
    <Notice
      tone="warn"
      title={`Nothing held has a price after ${day(last)}`}
      actions={
        <ButtonLink to="/data" small>
          Fetch prices
        </ButtonLink>
      }
    >
      <p>Values are those of the last known closes, converted at the last known exchange rate up to {day(on)}.</p>
    </Notice>
  );
}
