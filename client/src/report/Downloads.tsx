import type { DownloadsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { bytes } from "../ui/format";
import { Icon } from "../ui/Icon";
import css from "./Downloads.module.css";

export function Downloads({ run }: { run: DownloadsPartFragment }) {
  if (run.downloads.length === 0) return null;
  return (
    <Card title="Downloads" hint="For further work elsewhere.">
      <ul className={css.list}>
        {run.downloads.map((file) => (
          <li key={file.url}>
            <a className={css.link} href={file.url} download>
              <Icon name="save" />
              {file.label}
              {file.bytes !== null && <span>{bytes(file.bytes)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </Card>
  );
}
