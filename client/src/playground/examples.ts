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

export const EXAMPLES = [run, list, one, strategies, prices].map((query) => ({ query }));
