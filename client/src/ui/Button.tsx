import type { ComponentProps } from "react";
import { Link } from "react-router";
import css from "./Button.module.css";

type Look = { look?: "primary" | "quiet" | "danger"; small?: boolean };

const classes = ({ look, small }: Look) =>
  [css.button, look && css[look], small && css.small].filter(Boolean).join(" ");

export function Button({ look, small, type = "button", ...rest }: ComponentProps<"button"> & Look) {
  return <button type={type} className={classes({ look, small })} {...rest} />;
}

export function ButtonLink({ look, small, ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link className={classes({ look, small })} {...rest} />;
}
