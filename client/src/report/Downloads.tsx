import { useState } from "react";
import { failureOf } from "../failure";
import type { DownloadsPartFragment } from "../graphql/generated";
import { useSession, useSessionState } from "../session/session";
import { Card } from "../ui/Card";
import { FieldError } from "../ui/Field";
import { bytes, percent } from "../ui/format";
import { Icon } from "../ui/Icon";
import css from "./Downloads.module.css";
import { fetchFile } from "./fetchFile";

type File = DownloadsPartFragment["downloads"][number];

export function Downloads({ run }: { run: DownloadsPartFragment }) {
  const { kind } = useSessionState();
  if (run.downloads.length === 0) return null;
  const Download = kind === "local" ? PlainDownload : SignedDownload;
  return (
    <Card title="Downloads" hint="For further work elsewhere.">
      <ul className={css.list}>
        {run.downloads.map((file) => (
          <li key={file.url}>
            <Download file={file} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function PlainDownload({ file }: { file: File }) {
  return (
    <a className={css.link} href={file.url} download>
      <Icon name="save" />
      {file.label}
      {file.bytes !== null && <span>{bytes(file.bytes)}</span>}
    </a>
  );
}

function SignedDownload({ file }: { file: File }) {
  const session = useSession();
  const [fetched, setFetched] = useState<number | null>(null);
  const [fault, setFault] = useState<Error | null>(null);
  const busy = fetched !== null;

  const start = async () => {
    setFault(null);
    setFetched(0);
    await fetchFile(session, file.url, setFetched).catch(setFault);
    setFetched(null);
  };
  return (
    <>
      <button type="button" className={css.link} aria-busy={busy} disabled={busy} onClick={() => void start()}>
        <Icon name="save" />
        {file.label}
        <span>{busy ? share(fetched, file.bytes) : file.bytes !== null && bytes(file.bytes)}</span>
      </button>
      {fault && <FieldError>{complaint(fault)}</FieldError>}
    </>
  );
}

const share = (fetched: number, whole: number | null) =>
  whole ? percent(Math.min(1, fetched / whole), 0) : bytes(fetched);

function complaint(fault: Error): string {
  const { title, detail, reference } = failureOf(fault);
  return [`${title}.`, detail, reference && `Reference ${reference}.`].filter(Boolean).join(" ");
}
