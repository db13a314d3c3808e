import { type ReactNode, useState } from "react";
import { Drawer } from "./Drawer";
import css from "./Frame.module.css";
import { Header } from "./Header";
import { Navigation, type PageLink } from "./Navigation";

/** The header, the navigation beside the page or in a drawer, and the page. */
export function Frame({ link, path, children }: { link: PageLink; path: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <div className={css.frame}>
      <Header link={link} onMenu={() => setOpen(true)} />
      <div className={css.rail}>
        <Navigation link={link} path={path} />
      </div>
      {open && (
        <Drawer onClose={close}>
          <Navigation link={link} path={path} onLeave={close} />
        </Drawer>
      )}
      <div className={css.content}>{children}</div>
    </div>
  );
}
