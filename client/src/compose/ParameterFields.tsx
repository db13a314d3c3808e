import type { StrategyChoiceFragment } from "../graphql/generated";
import { afterChange, type Values } from "./draft";
import type { Faults } from "./faults";
import { CheckField, SelectField, TextField } from "../ui/Field";
import { enumWords } from "../ui/format";
import css from "./Compose.module.css";
import type { Group } from "./ComposeForm";
import { boundsWords, fieldsOf, type ParameterField } from "./schema";
import { SymbolPicker } from "./SymbolPicker";

type Props = Group & { strategy: StrategyChoiceFragment; strategies: readonly StrategyChoiceFragment[] };

/** A form made from the strategy's JSON Schema: title, description, bounds, default. */
export function ParameterFields({ strategy, strategies, draft, change, faults }: Props) {
  return (
    <SchemaFields
      schema={strategy.parameterSchema}
      values={draft.parameters}
      faults={faults}
      onChange={(path, parameters) => change(path, { parameters: afterChange(path, parameters, strategies) })}
    />
  );
}

type SchemaProps = {
  schema: unknown;
  values: Values;
  faults: Faults;
  onChange: (path: string, values: Values) => void;
};

export function SchemaFields({ schema, values, faults, onChange }: SchemaProps) {
  return (
    <div className={css.grid}>
      {fieldsOf(schema).map((field) => {
        const path = `parameters.${field.name}`;
        return (
          <Parameter
            key={field.name}
            field={field}
            path={path}
            fault={faults[path] ?? (field.kind === "values" ? faultWithin(faults, path) : undefined)}
            value={values[field.name]}
            onChange={(value) => onChange(path, { ...values, [field.name]: value })}
          />
        );
      })}
    </div>
  );
}

/** What the server refused of the values typed into one field. */
const faultWithin = (faults: Faults, path: string) =>
  Object.entries(faults).find(([each]) => each.startsWith(`${path}.`))?.[1];

type Value = string | boolean | string[];
type ParameterProps = {
  field: ParameterField;
  path: string;
  fault: string | undefined;
  value: Value | undefined;
  onChange: (value: Value) => void;
};

function Parameter({ field, path, fault, value, onChange }: ParameterProps) {
  const shared = { label: field.title, path, hint: field.description, ...(fault && { error: fault }) };
  if (field.kind === "flag") return <CheckField {...shared} checked={value === true} onChange={onChange} />;
  if (field.kind === "symbols")
    return (
      <div className={css.wide}>
        <SymbolPicker {...shared} symbols={Array.isArray(value) ? value : []} onChange={onChange} />
      </div>
    );
  if (field.kind === "choice") {
    const options = field.choices.map((choice) => ({ value: choice, label: enumWords(choice) }));
    return (
      <SelectField
        {...shared}
        value={String(value ?? "")}
        onChange={onChange}
        options={field.optional ? [{ value: "", label: "None" }, ...options] : options}
      />
    );
  }
  const numeric =
    field.kind === "text" || field.kind === "values"
      ? {}
      : ({ inputMode: field.kind === "integer" ? "numeric" : "decimal", bounds: boundsWords(field) } as const);
  return (
    <TextField
      {...shared}
      {...numeric}
      value={String(value ?? "")}
      onChange={onChange}
      {...(field.optional && { placeholder: "not set" })}
      {...(field.kind === "values" && { placeholder: "lookback 126, top_n 5" })}
    />
  );
}
