import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";

export const makeCache = () =>
  new InMemoryCache({
    typePolicies: {
      Strategy: { keyFields: ["key"] },
      Universe: { keyFields: ["key"] },
      // Figures hang on their run and are fetched in pieces: merge, not replace.
      Metrics: { merge: true },
      Overfitting: { merge: true },
    },
  });

export const client = new ApolloClient({ link: new HttpLink({ uri: "/graphql" }), cache: makeCache() });
