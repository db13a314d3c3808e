/** What was typed, kept across the way to the identity provider and back, for the same person and page only. */
import { type Dispatch, type SetStateAction, useEffect, useState } from "react";

const KEY = "parakeet:kept";

type Kept = { subject: string; page: string; values: Record<string, unknown> };

const current = new Map<string, unknown>();
let returned: Kept | null = null;

const page = () => location.pathname + location.search;

export function keepForms(subject: string) {
  if (current.size === 0) return;
  const kept: Kept = { subject, page: page(), values: Object.fromEntries(current) };
  sessionStorage.setItem(KEY, JSON.stringify(kept));
}

/** Call once the person is known. */
export function returnForms(subject: string) {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const kept = text ? (JSON.parse(text) as Kept) : null;
  returned = kept?.subject === subject ? kept : null;
}

function valueOf<T>(name: string, initial: T): T {
  return returned?.page === page() && name in returned.values ? (returned.values[name] as T) : initial;
}

/** A useState that survives a sign-in in the middle of typing. */
export function useKept<T>(name: string, initial: T): [T, Dispatch<SetStateAction<T>>] {
  const [value, setValue] = useState(() => valueOf(name, initial));
  useEffect(() => {
    current.set(name, value);
    return () => void current.delete(name);
  }, [name, value]);
  useEffect(() => {
    if (returned) delete returned.values[name];
  }, [name]);
  return [value, setValue];
}
