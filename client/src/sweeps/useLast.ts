import { useEffect, useRef } from "react";

/** Look once more when work has ended: what it did last came after the last look. */
export function useLast(busy: boolean, look: () => unknown) {
  const was = useRef(busy);
  useEffect(() => {
    if (was.current && !busy) void look();
    was.current = busy;
  }, [busy, look]);
}
