import { useState } from "react";

/** Forward and back through a connection that only knows `after`: the cursors walked so far are the way back. */
export function usePages(size: number) {
  const [cursors, setCursors] = useState<string[]>([]);
  return {
    after: cursors.at(-1) ?? null,
    from: cursors.length * size + 1,
    next: (cursor: string | null) => cursor && setCursors([...cursors, cursor]),
    previous: () => setCursors(cursors.slice(0, -1)),
    reset: () => setCursors([]),
  };
}
