import { BadConfiguration } from "./configuration";
import { LoneCard } from "./LoneCard";
import { Button } from "../ui/Button";

/** Instead of a blank page. Who reads it is either the person who deployed this, or can tell them. */
export function Unconfigured({ error }: { error: unknown }) {
  const faults = error instanceof BadConfiguration ? error.faults : [String(error)];
  return (
    <LoneCard title="This site is not set up correctly">
      <p>It cannot start until whoever runs it corrects its configuration, /config.json:</p>
      <ul>
        {faults.map((fault) => (
          <li key={fault}>{fault}</li>
        ))}
      </ul>
      <Button onClick={() => location.reload()}>Try again</Button>
    </LoneCard>
  );
}
