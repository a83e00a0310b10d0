import { useEffect, useState } from "react";

/** A line of text that is taken when it is finished; empty and left alone, `hint` holds. */
export function TextField({
  label,
  value,
  hint = "",
  onChange,
}: {
  label: string;
  /** undefined: as the hint says */
  value: string | undefined;
  hint?: string;
  onChange: (value: string | undefined) => void;
}) {
  const shown = value ?? hint;
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const finish = (): void => {
    if (text !== shown) onChange(text === hint ? undefined : text);
  };
  return (
    <label>
      {label}
      <input
        type="text"
        aria-label={label}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onBlur={finish}
        onKeyDown={({ key, currentTarget }) => key === "Enter" && currentTarget.blur()}
      />
    </label>
  );
}

/** One of a few words. */
export function Choice<T extends string>({
  label,
  value,
  options,
  hint,
  onChange,
}: {
  label: string;
  value: T;
  hint?: string;
  options: Readonly<Record<T, string>>;
  onChange: (value: T) => void;
}) {
  return (
    <label title={hint}>
      {label}
      <select aria-label={label} value={value} onChange={({ target }) => onChange(target.value as T)}>
        {(Object.entries(options) as [T, string][]).map(([key, said]) => (
          <option key={key} value={key}>
            {said}
          </option>
        ))}
      </select>
    </label>
  );
}
