import type { DrawdownsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { day, integer, percent } from "../ui/format";
import { Table, table } from "../ui/Table";

export function Drawdowns({ run }: { run: DrawdownsPartFragment }) {
  return (
    <Card
      title="Worst drawdowns"
      hint="Deepest first, each with its calendar days and, in brackets, sessions: to the trough, from there to recovery, and in all, to recovery or to the end of the run."
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
              In all
            </th>
          </tr>
        </thead>
        <tbody>
          {run.worstDrawdowns.map((period) => (
            <tr key={period.peak}>
              <th scope="row">{day(period.peak)}</th>
              <td className={`${table.num} ${table.loss}`}>{percent(period.depth)}</td>
              <td>
                {day(period.trough)}
                <Lasted days={period.fallDays} sessions={period.fallSessions} />
              </td>
              <td>
                {period.recovered ? day(period.recovered) : <span className={table.faint}>not yet</span>}
                <Lasted days={period.recoveryDays} sessions={period.recoverySessions} />
              </td>
              <td className={table.num}>
                {integer(period.days)}
                <Lasted days={null} sessions={period.sessions} />
              </td>
            </tr>
          ))}
          {run.worstDrawdowns.length === 0 && (
            <tr>
              <td colSpan={5}>The equity never fell below an earlier peak.</td>
            </tr>
          )}
        </tbody>
      </Table>
    </Card>
  );
}

/** How long it took, below its end; a run stored without says nothing. */
function Lasted({ days, sessions }: { days: number | null; sessions: number | null }) {
  if (sessions === null) return null;
  return (
    <div className={table.faint}>
      {days !== null && `${integer(days)} `}({integer(sessions)})
    </div>
  );
}
