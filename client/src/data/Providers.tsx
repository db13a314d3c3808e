import { ago, instant, integer } from "../ui/format";
import type { Health } from "./DataPage";
import css from "./Providers.module.css";
import { kindWords, plural } from "./words";

type Provider = Health["providers"][number];

const STATUS: Record<Provider["status"], string> = {
  HEALTHY: "Healthy",
  DEGRADED: "Degraded",
  DOWN: "Down",
  NOT_CONFIGURED: "Not configured",
};

export function Providers({ providers }: { providers: readonly Provider[] }) {
  return (
    <section aria-label="Providers">
      <ul className={css.cards}>
        {providers.map((provider) => (
          <li key={provider.name} className={css.card}>
            <header className={css.head}>
              <h2>{provider.name}</h2>
              <Status provider={provider} />
            </header>
            <p className={css.detail}>{provider.detail}</p>
            <dl className={css.facts}>
              <Fact label="Last success" at={provider.lastSuccessAt} />
              <Fact label="Last failure" at={provider.lastFailureAt} />
              {provider.requestsLeft !== null && (
                <div>
                  <dt>Requests left</dt>
                  <dd>{integer(provider.requestsLeft)}</dd>
                </div>
              )}
            </dl>
            <Errors byKind={provider.errorsByKind as Record<string, number>} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The API has no word for a provider nobody asked: it is not known to be well. */
function Status({ provider }: { provider: Provider }) {
  const unasked = provider.status === "HEALTHY" && !provider.lastSuccessAt;
  const look = unasked ? css.NOT_CONFIGURED : css[provider.status];
  return <span className={`${css.status} ${look}`}>{unasked ? "Not asked" : STATUS[provider.status]}</span>;
}

function Fact({ label, at }: { label: string; at: string | null }) {
  if (!at) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <time dateTime={at} title={instant(at)}>
          {ago(at)}
        </time>
      </dd>
    </div>
  );
}

function Errors({ byKind }: { byKind: Record<string, number> }) {
  const kinds = Object.entries(byKind).filter(([, count]) => count > 0);
  if (kinds.length === 0) return null;
  return (
    <ul className={css.errors} aria-label="Errors since the last success">
      {kinds.map(([kind, count]) => (
        <li key={kind}>
          {kindWords(kind)}: {plural(count, "time")}
        </li>
      ))}
    </ul>
  );
}
