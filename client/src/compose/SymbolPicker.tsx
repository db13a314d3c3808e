import { useQuery } from "@apollo/client/react";
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { FindInstrumentsDocument } from "../graphql/generated";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import css from "./SymbolPicker.module.css";

type Props = {
  label: string;
  path: string;
  hint?: string;
  error?: string;
  symbols: string[];
  onChange: (symbols: string[]) => void;
};

/** Symbols as chips; what is typed is looked up, and what is not on offer may still be entered for the server to judge. */
export function SymbolPicker({ symbols, onChange, ...frame }: Props) {
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(-1);
  const listId = useId();
  const search = useDeferredValue(typed.trim());
  const { data, previousData } = useQuery(FindInstrumentsDocument, { variables: { search }, skip: search === "" });
  const found = (data ?? previousData)?.instruments.nodes.filter((each) => !symbols.includes(each.symbol)) ?? [];
  const open = typed.trim() !== "" && found.length > 0;

  const add = (text: string) => {
    const names = text
      .split(/[\s,;]+/)
      .map((name) => name.trim().toUpperCase())
      .filter(Boolean);
    onChange([...new Set([...symbols, ...names])]);
    setTyped("");
    setActive(-1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((before) => Math.min(found.length - 1, Math.max(-1, before + step)));
    } else if (event.key === "Enter" || (event.key === "," && typed)) {
      event.preventDefault();
      const chosen = found[active];
      if (chosen ?? typed.trim()) add(chosen?.symbol ?? typed);
    } else if (event.key === "Escape") {
      setTyped("");
    } else if (event.key === "Backspace" && typed === "") {
      onChange(symbols.slice(0, -1));
    }
  };

  return (
    <Field {...frame}>
      {(wiring) => (
        <div className={css.anchor}>
          <div className={css.box}>
            {symbols.map((symbol) => (
              <span key={symbol} className={css.chip}>
                {symbol}
                <button
                  type="button"
                  aria-label={`Remove ${symbol}`}
                  onClick={() => onChange(symbols.filter((each) => each !== symbol))}
                >
                  <Icon name="close" size={13} />
                </button>
              </span>
            ))}
            <input
              {...wiring}
              role="combobox"
              aria-expanded={open}
              aria-controls={listId}
              aria-autocomplete="list"
              autoComplete="off"
              spellCheck={false}
              aria-activedescendant={open && active >= 0 ? `${listId}-${active}` : undefined}
              placeholder={symbols.length ? "" : "Type a symbol or a name"}
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value);
                setActive(-1);
              }}
              onKeyDown={onKeyDown}
              onBlur={() => typed.trim() && add(typed)}
            />
          </div>
          <ul id={listId} role="listbox" aria-label={`${frame.label} on offer`} className={css.list} hidden={!open}>
            {open &&
              found.map((each, row) => (
                // The mouse must not take the focus away before its click counts.
                <li
                  key={each.id}
                  id={`${listId}-${row}`}
                  role="option"
                  aria-selected={row === active}
                  className={css.option}
                  onMouseDown={(event) => event.preventDefault()}
                  onClick={() => add(each.symbol)}
                >
                  <b>{each.symbol}</b>
                  <span>{each.name}</span>
                </li>
              ))}
          </ul>
        </div>
      )}
    </Field>
  );
}
