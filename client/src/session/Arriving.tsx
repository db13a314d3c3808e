import { useEffect, useState } from "react";
import { LoneCard } from "./LoneCard";

const PATIENCE_MS = 300;

/** While the identity provider is asked. Mostly that is too short to be worth a word. */
export function Arriving() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <LoneCard title="Signing you in">
      <p role="status">One moment.</p>
    </LoneCard>
  );
}
