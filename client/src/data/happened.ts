import type { ActionsOfQuery } from "../graphql/generated";
import { day, decimal } from "../ui/format";
import { plural } from "./words";

export type Happened = NonNullable<ActionsOfQuery["instrument"]>;

/** What became of a listing, and how many of its splits and dividends are known; a sentence each. */
export function happened({ currency, delistedOn, actions }: Happened): string[] {
  const end = actions.find((each) => each.kind === "DELISTING");
  const count = (kind: "SPLIT" | "DIVIDEND") => actions.filter((each) => each.kind === kind).length;
  const known = [
    count("SPLIT") && plural(count("SPLIT"), "split"),
    count("DIVIDEND") && plural(count("DIVIDEND"), "dividend"),
  ].filter(Boolean);
  return [
    ...(end ? [`From ${day(end.exDate)} on a share was ${became(end, currency)}: its listing had ended.`] : []),
    ...(!end && delistedOn
      ? [`Its listing ended on ${day(delistedOn)}. What holders got is not known, so runs assume a loss.`]
      : []),
    ...(known.length ? [`Known are ${known.join(" and ")}.`] : []),
  ];
}

function became({ cash, ratio, successor }: Happened["actions"][number], currency: string): string {
  const parts = [
    ratio !== null && successor && `${decimal(String(ratio))} ${successor.symbol}`,
    cash && `${decimal(String(cash))} ${currency}`,
  ].filter(Boolean);
  return parts.join(" and ") || "worth nothing";
}
