import { ButtonLink } from "../ui/Button";
import { Empty } from "../ui/Notice";
import { useTitle } from "../ui/useTitle";

export function NotFound({ what = "page" }: { what?: string }) {
  useTitle("Not found");
  return (
    <Empty
      title={`No such ${what}`}
      action={
        <ButtonLink to="/backtests" look="primary">
          All backtests
        </ButtonLink>
      }
    >
      <p>The address leads nowhere. It may have been mistyped, or belong to somebody else.</p>
    </Empty>
  );
}
