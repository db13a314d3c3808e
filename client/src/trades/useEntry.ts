import { useMemo, useRef, useState } from "react";
import type { Faults } from "./drafts";

/** What was typed into a form, what is wrong with it, and the way to the first wrong field. */
export function useEntry<Draft>(begin: () => Draft) {
  const [draft, setDraft] = useState(begin);
  const [faults, setFaults] = useState<Faults>({});
  const form = useRef<HTMLFormElement>(null);
  // One key for each dialog that was opened: sent twice, it is written once.
  const key = useMemo(() => crypto.randomUUID(), []);
  return {
    draft,
    faults,
    form,
    key,
    change: (path: string, patch: Partial<Draft>) => {
      setDraft((before) => ({ ...before, ...patch }));
      setFaults(({ [path]: _mended, "": _general, ...rest }) => rest);
    },
    refuse: (wrong: Faults) => {
      setFaults(wrong);
      const controls = [...(form.current?.querySelectorAll<HTMLElement>("[data-path]") ?? [])];
      controls.find((control) => wrong[control.dataset.path!])?.focus();
    },
    /** The props of a field that may be wrong. */
    at: (path: string) => ({ path, ...(faults[path] && { error: faults[path] }) }),
  };
}

export type Entry<Draft> = ReturnType<typeof useEntry<Draft>>;
