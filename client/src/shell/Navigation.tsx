import type { ComponentType, ReactNode } from "react";
import { PLAYGROUND } from "../paths";
import { Icon } from "../ui/Icon";
import css from "./Navigation.module.css";
import { entryOf, GROUPS } from "./navigation";

/** The router's link within the application, and a plain anchor on the playground's own document. */
export type PageLink = ComponentType<{
  to: string;
  className: string | undefined;
  "aria-label"?: string;
  "aria-current"?: "page" | undefined;
  onClick?: (() => void) | undefined;
  children: ReactNode;
}>;

const Anchor: PageLink = ({ to, ...rest }) => <a href={to} {...rest} />;

type Props = { link: PageLink; path: string; onLeave?: () => void };

export function Navigation({ link, path, onLeave }: Props) {
  const current = entryOf(path);
  return (
    <nav className={css.nav} aria-label="Main">
      {GROUPS.map(({ name, entries }) => (
        <div key={name} className={css.group}>
          <h2 className={css.name}>{name}</h2>
          <ul className={css.list}>
            {entries.map(({ to, label, icon }) => {
              // It has a security policy of its own, and so it is a document of its own.
              const Link = to === PLAYGROUND ? Anchor : link;
              return (
                <li key={to}>
                  <Link
                    to={to}
                    className={css.entry}
                    aria-current={to === current ? "page" : undefined}
                    onClick={onLeave}
                  >
                    <Icon name={icon} />
                    {label}
                  </Link>
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </nav>
  );
}
