import { Button } from "../ui/Button";
import { BadConfiguration } from "./configuration";
import { LoneCard } from "./LoneCard";

/** Instead of a blank page. Who reads it is either the person who deployed this, or can tell them. */
export function Unconfigured({ error }: { error: unknown }) {
  const wrong = error instanceof BadConfiguration;
  return (
    <LoneCard title={wrong ? "This site is not set up correctly" : "This site could not start"}>
      {wrong ? <Faults faults={error.faults} /> : <p>{(error as Error).message}</p>}
      <Button onClick={() => location.reload()}>Try again</Button>
    </LoneCard>
  );
}

function Faults({ faults }: { faults: readonly string[] }) {
  return (
    <>
      <p>It cannot start until whoever runs it corrects its configuration, /config.json:</p>
      <ul>
        {faults.map((fault) => (
          <li key={fault}>{fault}</li>
        ))}
      </ul>
    </>
  );
}
