import { type ComponentProps, type ReactNode, useId } from "react";
import css from "./Field.module.css";
import { Icon } from "./Icon";

type Frame = { label: string; path: string; hint?: ReactNode; bounds?: string; error?: string };

/** What each control needs to be named, described and marked as wrong. */
export type Wiring = {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
  "data-path": string;
};

/** Label, control, hint and error. `path` is where the server's complaint about it will point. */
export function Field({
  label,
  path,
  hint,
  bounds,
  error,
  children,
}: Frame & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const described = [(hint || bounds) && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": Boolean(error), "data-path": path })}
      {(hint || bounds) && (
        <p id={`${id}-hint`} className={css.hint}>
          {hint} {bounds && <span className={css.bounds}>{bounds}</span>}
        </p>
      )}
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </div>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} role="alert" className={css.error}>
      <Icon name="warn" size={13} />
      {children}
    </p>
  );
}

type TextProps = Frame & { value: string; unit?: string; onChange: (value: string) => void } & Omit<
    ComponentProps<"input">,
    "onChange" | "value"
  >;

export function TextField({ label, path, hint, bounds, error, unit, value, onChange, ...input }: TextProps) {
  return (
    <Field {...{ label, path, hint, bounds, error }}>
      {(wiring) => (
        <div className={css.control}>
          <input
            {...wiring}
            autoComplete="off"
            {...input}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          {unit && (
            <span className={css.unit} aria-hidden="true">
              {unit}
            </span>
          )}
        </div>
      )}
    </Field>
  );
}

type SelectProps = Frame & {
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
};

export function SelectField({ label, path, hint, bounds, error, value, options, onChange }: SelectProps) {
  return (
    <Field {...{ label, path, hint, bounds, error }}>
      {(wiring) => (
        <div className={css.control}>
          <select {...wiring} value={value} onChange={(event) => onChange(event.target.value)}>
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}

type CheckProps = {
  label: string;
  path: string;
  hint?: ReactNode;
  error?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
};

export function CheckField({ label, path, hint, error, checked, onChange }: CheckProps) {
  const id = useId();
  return (
    <div className={css.field}>
      <label className={css.check}>
        <input
          type="checkbox"
          checked={checked}
          data-path={path}
          aria-describedby={hint ? id : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        <div>
          <span>{label}</span>
          {hint && (
            <p id={id} className={css.hint}>
              {hint}
            </p>
          )}
        </div>
      </label>
      {error && <FieldError>{error}</FieldError>}
    </div>
  );
}
