import { lazy, Suspense } from "react";
import { useSessionState } from "../session/session";
import { Icon } from "../ui/Icon";
import css from "./Header.module.css";
import type { PageLink } from "./Navigation";
import { useTheme } from "./theme";

type Props = { link: PageLink; onMenu: () => void };

export function Header({ link: Link, onMenu }: Props) {
  return (
    <header className={css.header}>
      <button type="button" className={css.menu} aria-haspopup="dialog" aria-label="Menu" onClick={onMenu}>
        <Icon name="menu" size={20} />
      </button>
      <Link to="/" className={css.brand} aria-label="Potential Parakeet, home">
        <img src="/parakeet.svg" alt="" width="26" height="26" />
        Potential Parakeet
      </Link>
      <div className={css.tools}>
        <ThemeToggle />
        <SignedIn />
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
