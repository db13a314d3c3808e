import { ApolloClient, InMemoryCache } from "@apollo/client";
import { makeLink } from "./links";
import type { Session } from "./session/session";

export const makeCache = () =>
  new InMemoryCache({
    typePolicies: {
      Strategy: { keyFields: ["key"] },
      Universe: { keyFields: ["key"] },
      // What the parts of a page ask of one market is one answer in pieces.
      DataHealth: { merge: true },
      // One id is many objects: a trade is seen in its versions, and from instants.
      Trade: { keyFields: false },
      // Figures hang on their run and are fetched in pieces: merge, not replace.
      Metrics: { merge: true },
      Dashboard: { merge: true },
      Portfolio: { merge: true },
      Overfitting: { merge: true },
    },
  });

export const makeClient = (session: Session) => new ApolloClient({ link: makeLink(session), cache: makeCache() });
