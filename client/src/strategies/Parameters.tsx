import { boundsWords, fieldsOf, type ParameterField } from "../compose/schema";
import { enumWords, NOTHING } from "../ui/format";
import { Table, table } from "../ui/Table";
import css from "./StrategyPage.module.css";

export function Parameters({ name, schema }: { name: string; schema: unknown }) {
  return (
    <div className={css.parameters}>
      <Table label={`Parameters of ${name}`}>
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col">Meaning</th>
            <th scope="col" className={table.num}>
              Default
            </th>
            <th scope="col">Range</th>
          </tr>
        </thead>
        <tbody>
          {fieldsOf(schema).map((field) => (
            <ParameterRow key={field.name} field={field} />
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function ParameterRow({ field }: { field: ParameterField }) {
  return (
    <tr>
      <th scope="row">
        {field.title}
        <br />
        <code className={table.faint}>{field.name}</code>
      </th>
      <td className={css.meaning}>{field.description}</td>
      <td className={table.num}>{defaultWords(field.fallback)}</td>
      <td className={css.range}>{field.choices.map(enumWords).join(", ") || boundsWords(field) || NOTHING}</td>
    </tr>
  );
}

const plain = new Intl.NumberFormat("en-AU", { maximumFractionDigits: 9 });

function defaultWords(value: unknown): string {
  if (value === null || value === undefined) return "not set";
  if (Array.isArray(value)) return value.join(", ") || "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return "none";
  return typeof value === "number" ? plain.format(value).replace("-", "−") : enumWords(String(value));
}
