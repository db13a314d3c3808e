import { useEffect, useRef, useState } from "react";

/** A box to draw in, and how wide it is now; 0 before it is laid out. */
export function useWidth() {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watched = host.current!;
    const observer = new ResizeObserver(() => setWidth(watched.clientWidth));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  return [host, width] as const;
}
