import type { DrawdownsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { day, integer, percent } from "../ui/format";
import { Table, table } from "../ui/Table";

export function Drawdowns({ run }: { run: DrawdownsPartFragment }) {
  return (
    <Card
      title="Worst drawdowns"
      hint="Deepest first. Calendar days, and sessions below them: to the trough, from there to recovery, and in all, to recovery or to the end of the run."
      flush
    >
      <Table label="Worst drawdowns">
        <thead>
          <tr>
            <th scope="col">Peak</th>
            <th scope="col" className={table.num}>
              Depth
            </th>
            <th scope="col">Trough</th>
            <th scope="col">Recovered</th>
            <th scope="col" className={table.num}>
              Fall
            </th>
            <th scope="col" className={table.num}>
              Recovery
            </th>
            <th scope="col" className={table.num}>
              In all
            </th>
          </tr>
        </thead>
        <tbody>
          {run.worstDrawdowns.map((period) => (
            <tr key={period.peak}>
              <th scope="row">{day(period.peak)}</th>
              <td className={`${table.num} ${table.loss}`}>{percent(period.depth)}</td>
              <td>{day(period.trough)}</td>
              <td>{period.recovered ? day(period.recovered) : <span className={table.faint}>not yet</span>}</td>
              <Lasted days={period.fallDays} sessions={period.fallSessions} />
              <Lasted days={period.recoveryDays} sessions={period.recoverySessions} />
              <Lasted days={period.days} sessions={period.sessions} />
            </tr>
          ))}
          {run.worstDrawdowns.length === 0 && (
            <tr>
              <td colSpan={7}>The equity never fell below an earlier peak.</td>
            </tr>
          )}
        </tbody>
      </Table>
    </Card>
  );
}

/** Calendar days over sessions; a run stored without sessions has days alone. */
function Lasted({ days, sessions }: { days: number | null; sessions: number | null }) {
  return (
    <td className={table.num}>
      {days === null ? <span className={table.faint}>–</span> : counted(days, "day")}
      {sessions !== null && <div className={table.faint}>{counted(sessions, "session")}</div>}
    </td>
  );
}

const counted = (count: number, noun: string) => `${integer(count)} ${noun}${count === 1 ? "" : "s"}`;
