import { ApolloProvider } from "@apollo/client/react";
import { BrowserRouter } from "react-router";
import { makeClient } from "./apollo";
import { begin } from "./begin";
import { SIGNED_IN } from "./paths";
import { Pages } from "./routes";

void begin(SIGNED_IN, (session) => (
  <ApolloProvider client={makeClient(session)}>
    <BrowserRouter>
      <Pages />
    </BrowserRouter>
  </ApolloProvider>
));
