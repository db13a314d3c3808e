import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { useSessionState } from "../session/session";
import { Icon, type IconName } from "../ui/Icon";
import css from "./Header.module.css";
import { useTheme } from "./theme";

export type TabLink = ComponentType<{
  to: string;
  className: string | undefined;
  "aria-label"?: string;
  end?: boolean;
  children: ReactNode;
}>;

const TABS: { to: string; label: string; icon: IconName; end?: boolean }[] = [
  { to: "/backtests", label: "Backtests", icon: "list", end: true },
  { to: "/backtests/new", label: "New run", icon: "plus" },
  { to: "/strategies", label: "Strategies", icon: "book" },
  { to: "/data", label: "Data", icon: "stack" },
];

/** `link` is the router's within the application, and a plain anchor on the playground's own document. */
export function Header({ link: Link, playground = false }: { link: TabLink; playground?: boolean }) {
  return (
    <header className={css.header}>
      <div className={css.inner}>
        <Link to="/" className={css.brand} aria-label="Potential Parakeet, home" end>
          <img src="/parakeet.svg" alt="" width="26" height="26" />
          Potential Parakeet
        </Link>
        <nav className={css.nav} aria-label="Main">
          {TABS.map((tab) => (
            <Link key={tab.to} to={tab.to} className={css.tab} {...(tab.end && { end: true })}>
              <Icon name={tab.icon} />
              {tab.label}
            </Link>
          ))}
          <a href="/playground" className={css.tab} aria-current={playground ? "page" : undefined}>
            <Icon name="code" />
            Playground
          </a>
        </nav>
        <div className={css.tools}>
          <ThemeToggle />
          <SignedIn />
        </div>
      </div>
    </header>
  );
}

const Account = lazy(() => import("../session/Account"));

function SignedIn() {
  const { kind } = useSessionState();
  if (kind === "local") return null;
  return (
    <Suspense fallback={null}>
      <Account />
    </Suspense>
  );
}

const NEXT = { system: "light", light: "dark", dark: "system" } as const;
const ICONS = { system: "auto", light: "sun", dark: "moon" } as const;

function ThemeToggle() {
  const [theme, setTheme] = useTheme();
  const label = `Theme: ${theme}. Switch to ${NEXT[theme]}`;
  return (
    <button type="button" className={css.theme} aria-label={label} title={label} onClick={() => setTheme(NEXT[theme])}>
      <Icon name={ICONS[theme]} size={18} />
    </button>
  );
}
