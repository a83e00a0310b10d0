/** Inputs of one line: a choice, a number or text, several of them. What is typed and cannot be meant is said at once. */
import { useEffect, useState } from "react";
import type { Shape } from "./json-schema.ts";

interface InputProps {
  readonly id: string;
  readonly value: unknown;
  readonly preset: unknown;
  readonly onChange: (value: unknown) => void;
}

const shown = (value: unknown): string =>
  value === null ? "none" : typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

export function ChoiceInput({
  id,
  value,
  preset,
  options,
  onChange,
}: InputProps & { options: readonly (string | number | boolean)[] }) {
  const at = options.indexOf(value as string);
  const isOther = value !== undefined && at < 0;
  return (
    <select
      id={id}
      value={isOther ? "other" : at}
      aria-invalid={isOther || undefined}
      onChange={(event) => onChange(options[Number(event.target.value)])}
    >
      <option value={-1}>{preset === undefined ? "left out" : `${shown(preset)} (default)`}</option>
      {isOther && <option value="other">{String(value)}</option>}
      {options.map((option, i) => (
        <option key={String(option)} value={i}>
          {shown(option)}
        </option>
      ))}
    </select>
  );
}

/** "0.5" to 0.5, "true" to true, other words as they are. */
function asScalar(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed !== "" && Number.isFinite(Number(trimmed))) return Number(trimmed);
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  return trimmed === "null" ? null : trimmed;
}

interface TypedProps {
  readonly id: string;
  readonly text: string;
  readonly placeholder: string;
  readonly list?: readonly string[];
  readonly isWide?: boolean;
  readonly meaning: (text: string) => unknown;
  /** what is wrong with it; undefined: nothing */
  readonly wrong: (text: string) => string | undefined;
  readonly onText: (text: string) => void;
}

/** Keeps what is being typed while it is not yet a value. */
function TypedInput({ id, text, placeholder, list = [], isWide, meaning, wrong, onText }: TypedProps) {
  const [typed, setTyped] = useState(text);
  // another view changed it; but "1." is not taken back to "1" while it is typed
  useEffect(
    () => setTyped((now) => (JSON.stringify(meaning(now)) === JSON.stringify(meaning(text)) ? now : text)),
    [text, meaning],
  );
  const problem = typed.trim() === "" ? undefined : wrong(typed);
  return (
    <>
      <input
        id={id}
        type="text"
        className={isWide ? "scan-wide" : undefined}
        value={typed}
        placeholder={placeholder}
        aria-invalid={problem ? true : undefined}
        spellCheck={false}
        autoComplete="off"
        {...(list.length > 0 && { list: `${id}-words` })}
        onChange={(event) => {
          const next = event.target.value;
          setTyped(next);
          if (next.trim() === "" || !wrong(next)) onText(next);
        }}
      />
      {list.length > 0 && (
        <datalist id={`${id}-words`}>
          {list.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      )}
      {problem && (
        <span className="scan-problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}

export function ScalarInput({
  id,
  value,
  preset,
  shape,
  onChange,
}: InputProps & { shape: Extract<Shape, { kind: "scalar" }> }) {
  const { words, isNumber, isText } = shape;
  const wrong = (text: string): string | undefined => {
    const given = asScalar(text);
    if (isText || words.includes(given) || (isNumber && typeof given === "number")) return undefined;
    return [...words.map(String), ...(isNumber ? ["a number"] : [])].join(" or ");
  };
  return (
    <TypedInput
      id={id}
      text={value === undefined ? "" : String(value)}
      placeholder={preset === undefined ? "" : shown(preset)}
      list={words.map(String)}
      isWide={isText}
      meaning={asScalar}
      wrong={(text) => (wrong(text) === undefined ? undefined : `${wrong(text)} is needed`)}
      onText={(text) => onChange(text.trim() === "" ? undefined : isText && !isNumber ? text : asScalar(text))}
    />
  );
}

const partsOf = (text: string): unknown[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(asScalar);

/** Values with commas between. */
export function LineInput({ id, value, preset, mayBeOne, onChange }: InputProps & { mayBeOne: boolean }) {
  const asText = (list: unknown): string => (Array.isArray(list) ? list.join(", ") : String(list));
  return (
    <TypedInput
      id={id}
      text={value === undefined ? "" : asText(value)}
      placeholder={preset === undefined || preset === null ? "" : asText(preset)}
      isWide
      meaning={partsOf}
      wrong={() => undefined}
      onText={(text) => {
        const parts = partsOf(text);
        if (parts.length === 0) onChange(undefined);
        else onChange(mayBeOne && parts.length === 1 ? parts[0] : parts);
      }}
    />
  );
}
