/** Operations to start from, each in a tab of its own; the first one runs as it stands. */

const run = `# Run a backtest: the button, or Ctrl and Enter.
# The same again answers at once: reused is true.
mutation RunBacktest {
  runBacktest(
    input: {
      strategy: "momentum"
      parameters: { lookback: 252, top_n: 5 }
      universe: "SAMPLE_US"
      start: "2005-01-03"
      currency: AUD
      costs: {
        commissionFlat: "3.00"
        slippageBps: 5
        fxSpreadBps: 70
      }
      name: "Momentum from the playground"
    }
  ) {
    reused
    backtest {
      id
      start
      end
    }
    job {
      id
      status
      progress
    }
    userErrors {
      code
      field
      message
    }
  }
}
`;

const list = `# The runs on record, best Sharpe ratio first. Copy an id into the next tab.
query Backtests {
  backtests(first: 10, orderBy: { field: SHARPE, direction: DESC }) {
    totalCount
    nodes {
      id
      name
      strategy {
        name
      }
      universe
      job {
        status
        progress
      }
      metrics {
        cagr
        sharpe
        maxDrawdown
      }
      overfitting {
        deflatedSharpe
        trials
      }
    }
  }
}
`;

const one = `# One run with its curve as whole columns. Take an id from the tab before.
query Backtest {
  backtest(id: "backtest_...") {
    id
    parameters
    job {
      status
      stage
      progress
      etaSeconds
    }
    metrics {
      totalReturn
      cagr
      volatility
      sharpe
      maxDrawdown
      undefined
    }
    equity(maxPoints: 50, basis: NET) {
      dates
      strategy
      benchmark
    }
    worstDrawdowns(first: 3) {
      peak
      trough
      recovered
      depth
    }
  }
}
`;

const strategies = `# What can be run, and the JSON Schema of each strategy's parameters.
query Strategies {
  strategies {
    key
    name
    summary
    references
    minimumHistory
    defaultParameters
    parameterSchema
  }
}
`;

const prices = `# Adjusted closes in Australian dollars, thinned to 60 points with both ends kept.
query Prices {
  prices(symbols: ["AAPL", "MSFT"], start: "2015-01-01", currency: AUD, maxPoints: 60) {
    symbol
    currency
    knownAt
    totalPoints
    dates
    values
  }
}
`;

const health = `# Whether the data can be trusted: providers, what is missing, what was refused and what was revised.
query DataHealth {
  dataHealth(universe: "SAMPLE_OHLCV") {
    asOf
    summary {
      state
      symbols
      bars
      coveragePct
      gaps
      stale
      quarantined
    }
    providers {
      name
      status
      detail
    }
    coverage {
      symbol
      firstBar
      lastBar
      expected
      present
      gaps
      staleSessions
    }
    quarantine(first: 5) {
      totalCount
      nodes {
        symbol
        date
        explanation
        raw
      }
    }
    lastIngest {
      status
      subject {
        ... on IngestReport {
          rowsWritten
          rowsUnchanged
          failed {
            symbol
            kind
            retryable
          }
        }
      }
    }
  }
}
`;

const ingest = `# Fetch what is missing. A second time on the same day asks for nothing.
mutation IngestPrices {
  ingestPrices(input: { symbols: ["BHP.AX", "^AXJO"], start: "2015-01-01" }) {
    job {
      id
      status
    }
    userErrors {
      field
      message
    }
  }
}
`;

const revisions = `# What a bar was before it changed, and the runs that had read it so.
query PriceRevisions {
  priceRevisions(symbol: "AAPL", first: 10) {
    nodes {
      date
      knownAt
      reason
      before {
        close
        adjustedClose
      }
      after {
        close
        adjustedClose
      }
      affectedBacktests {
        id
        name
      }
    }
  }
}
`;

const correct = `# Put a price right: the old value stays on record, and what was known before does not change.
mutation CorrectPrice {
  correctPrice(
    input: { symbol: "AAPL", date: "2015-06-01", adjustedClose: 29.32, reason: "the vendor's own page" }
  ) {
    revision {
      knownAt
      before {
        adjustedClose
      }
      affectedBacktests {
        id
      }
    }
    userErrors {
      field
      message
    }
  }
}
`;

const universe = `# A list of your own; from a day on it holds other members, and its history stays.
mutation SaveUniverse {
  saveUniverse(
    input: { key: "MY_FIVE", name: "My five", symbols: ["AAPL", "JNJ", "KO", "MSFT", "XOM"] }
  ) {
    universe {
      key
      memberCount
      survivorshipFree
    }
    userErrors {
      field
      message
    }
  }
}
`;

const membership = `# Write down when a symbol was in a list. Run the tab before first.
mutation RecordMembership {
  recordMembership(
    input: {
      universe: "MY_FIVE"
      symbol: "KO"
      startsOn: "1990-01-02"
      endsOn: "2010-01-04"
      reason: "sold that day"
    }
  ) {
    membership {
      symbol
      startsOn
      endsOn
      knownAt
    }
    userErrors {
      field
      message
    }
  }
}
`;

export const EXAMPLES = [
  run,
  list,
  one,
  strategies,
  prices,
  health,
  ingest,
  revisions,
  correct,
  universe,
  membership,
].map((query) => ({ query }));
