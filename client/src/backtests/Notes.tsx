import { useMutation } from "@apollo/client/react";
import type { FormEvent } from "react";
import { failureOf } from "../failure";
import { AnnotateDocument } from "../graphql/generated";
import { useKept } from "../session/kept";
import { Button } from "../ui/Button";
import { Field, FieldError, TextField } from "../ui/Field";
import control from "../ui/Field.module.css";
import type { Run } from "./BacktestPage";
import css from "./Notes.module.css";

type Props = { run: Run; editing: boolean; onDone: () => void };

export function Notes({ run, editing, onDone }: Props) {
  if (editing) return <NotesForm run={run} onDone={onDone} />;
  return run.notes ? <p className={css.notes}>{run.notes}</p> : null;
}

function NotesForm({ run, onDone }: { run: Run; onDone: () => void }) {
  const [name, setName] = useKept("name", run.name ?? "");
  const [notes, setNotes] = useKept("notes", run.notes ?? "");
  const [annotate, { data, error, loading }] = useMutation(AnnotateDocument);
  const complaint = error ? failureOf(error).detail : data?.annotateBacktest.userErrors[0]?.message;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await annotate({
      variables: { input: { id: run.id, name: name.trim(), notes: notes.trim() } },
    }).catch(() => null);
    if (answer?.data?.annotateBacktest.userErrors.length === 0) onDone();
  };

  return (
    <form className={css.form} onSubmit={(event) => void submit(event)} aria-label="Name and notes">
      <TextField label="Name" path="name" value={name} onChange={setName} maxLength={200} autoFocus />
      <Field label="Notes" path="notes">
        {(wiring) => (
          <div className={control.control}>
            <textarea {...wiring} value={notes} maxLength={10_000} onChange={(event) => setNotes(event.target.value)} />
          </div>
        )}
      </Field>
      {complaint && <FieldError>{complaint}</FieldError>}
      <div className={css.actions}>
        <Button type="submit" look="primary" disabled={loading}>
          Save
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
