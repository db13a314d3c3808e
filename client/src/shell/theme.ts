import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "parakeet:theme";
const listeners = new Set<() => void>();
const system = window.matchMedia?.("(prefers-color-scheme: dark)");

const chosen = (): Theme => (document.documentElement.dataset.theme as Theme | undefined) ?? "system";
const shown = (): "light" | "dark" => {
  const theme = chosen();
  return theme === "system" ? (system?.matches ? "dark" : "light") : theme;
};
const announce = () => listeners.forEach((listener) => listener());

function subscribe(listener: () => void) {
  listeners.add(listener);
  system?.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system?.removeEventListener("change", listener);
  };
}

function choose(theme: Theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be closed to us; the choice then lasts as long as the page.
  }
  announce();
}

export const useTheme = () => [useSyncExternalStore(subscribe, chosen), choose] as const;

/** What is on the screen now: canvases draw with it. */
export const useShownTheme = () => useSyncExternalStore(subscribe, shown);
