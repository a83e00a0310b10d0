/** A form made from the schema of scan.yaml: every setting with its unit, its help and its default. */
import { Fragment, useMemo, useState } from "react";
import { parse, stringify } from "yaml";
import { nameOfVariant, type Schema, shapeOf, startOf, variantOf } from "./json-schema.ts";
import { ChoiceInput, LineInput, ScalarInput } from "./scalar-inputs.tsx";
import type { Path } from "./scan-document.ts";

export interface FieldProps {
  readonly schema: Schema;
  readonly path: Path;
  readonly value: unknown;
  /** undefined: left out */
  readonly onEdit: (path: Path, value: unknown) => void;
}

export const idOf = (path: Path): string => `scan-${path.join("-")}`;

export function ScanForm({
  schema,
  value,
  onEdit,
}: {
  schema: Schema;
  value: Readonly<Record<string, unknown>>;
  onEdit: FieldProps["onEdit"];
}) {
  const entries = Object.entries(schema.properties ?? {});
  const isSection = (one: Schema): boolean => !["scalar", "choice", "line"].includes(shapeOf(one).kind);
  // integration is of frames alone
  const isUsed = (key: string): boolean =>
    key !== "integrate" || value["integrate"] !== undefined || (value["input"] as { kind?: string })?.kind === "frames";
  return (
    <form className="scan-form" onSubmit={(event) => event.preventDefault()} aria-label="scan settings">
      {entries.map(([key, one]) =>
        isSection(one) ? null : <Field key={key} schema={one} path={[key]} value={value[key]} onEdit={onEdit} />,
      )}
      {entries.map(([key, one]) =>
        isSection(one) && isUsed(key) ? (
          <Section key={key} schema={one} path={[key]} value={value[key]} onEdit={onEdit} />
        ) : null,
      )}
    </form>
  );
}

/** A part that can be folded away; one that may be left out altogether is added and removed by a button. */
function Section(props: FieldProps) {
  const { schema, path, value, onEdit } = props;
  const name = String(path.at(-1));
  const isOptional = schema.default === undefined && name !== "input";
  const [isOpen, setOpen] = useState(name === "input" || value !== undefined);
  if (isOptional && value === undefined) {
    return (
      <div className="scan-section-off">
        <button type="button" onClick={() => onEdit(path, startOf(schema))} aria-label={`add ${path.join(".")}`}>
          add {name}
        </button>
        <span className="dim">{schema.description}</span>
      </div>
    );
  }
  const count = value !== null && typeof value === "object" ? Object.keys(value).length : 0;
  const isPlain = value !== undefined && typeof value !== "object";
  const said = isPlain ? String(value) : count > 0 ? `${count} set` : "all as they come";
  return (
    <details
      className="scan-section"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      data-section={path.join(".")}
    >
      <summary>
        <b>{name}</b> <span className="dim">{said}</span>
        {value !== undefined && (name !== "input" || path.length > 1) && (
          <button
            type="button"
            className="scan-reset"
            aria-label={`remove ${path.join(".")}`}
            title="leave this section out"
            onClick={(event) => {
              event.preventDefault();
              onEdit(path, undefined);
            }}
          >
            ×
          </button>
        )}
      </summary>
      {isOpen && (
        <div className="scan-section-body">
          {schema.description && <p className="dim">{schema.description}</p>}
          <Parts {...props} />
        </div>
      )}
    </details>
  );
}

/** A long name may go on in the next line before its capitals. */
const breakable = (name: string) =>
  name.split(/(?=[A-Z])/).map((part, i) => (
    <Fragment key={i}>
      {i > 0 && <wbr />}
      {part}
    </Fragment>
  ));

/** One setting in a row, or what it is made of. */
function Field(props: FieldProps) {
  const { schema, path, value, onEdit } = props;
  const shape = useMemo(() => shapeOf(schema), [schema]);
  if (!["scalar", "choice", "line"].includes(shape.kind)) return <Section {...props} />;
  const id = idOf(path);
  const common = { id, value, preset: schema.default, onChange: (next: unknown) => onEdit(path, next) };
  return (
    <div className="scan-field" data-field={path.join(".")} data-set={value !== undefined || undefined}>
      <label htmlFor={id}>{breakable(String(path.at(-1)))}</label>
      <span className="scan-control">
        {shape.kind === "choice" && <ChoiceInput {...common} options={shape.options} />}
        {shape.kind === "scalar" && <ScalarInput {...common} shape={shape} />}
        {shape.kind === "line" && <LineInput {...common} mayBeOne={shape.mayBeOne} />}
        <span className="scan-unit">{schema.unit}</span>
        {value !== undefined && typeof path.at(-1) === "string" && (
          <button
            type="button"
            className="scan-reset"
            title="back to the default"
            aria-label={`reset ${path.join(".")}`}
            onClick={() => onEdit(path, undefined)}
          >
            ×
          </button>
        )}
      </span>
      {schema.description && <span className="scan-help">{schema.description}</span>}
    </div>
  );
}

/** What a section, a list, named parts or a union are made of. */
function Parts({ schema, path, value, onEdit }: FieldProps) {
  const shape = useMemo(() => shapeOf(schema), [schema]);
  if (shape.kind === "section") {
    const parts = (value ?? {}) as Record<string, unknown>;
    return (
      <>
        {Object.entries(shape.properties).map(([key, one]) => {
          const isKind = one.const !== undefined;
          return isKind ? null : (
            <Field key={key} schema={one} path={[...path, key]} value={parts[key]} onEdit={onEdit} />
          );
        })}
      </>
    );
  }
  if (shape.kind === "union") return <Union {...{ path, value, onEdit }} variants={shape.variants} />;
  if (shape.kind === "record") return <Named {...{ path, value, onEdit }} of={shape.of} />;
  if (shape.kind === "list") return <List {...{ path, value, onEdit }} of={shape.of} />;
  return <AsYaml key={JSON.stringify(value)} {...{ path, value, onEdit }} />;
}

type PartsProps = Omit<FieldProps, "schema">;

function Union({ variants, path, value, onEdit }: PartsProps & { variants: readonly Schema[] }) {
  const chosen = variantOf(variants, value);
  const variant = variants[chosen]!;
  const id = `${idOf(path)}-kind`;
  const isRow = ["scalar", "choice", "line"].includes(shapeOf(variant).kind);
  return (
    <>
      <div className="scan-field">
        <label htmlFor={id}>kind</label>
        <span className="scan-control">
          <select
            id={id}
            value={chosen}
            onChange={(event) => onEdit(path, startOf(variants[Number(event.target.value)]!))}
          >
            {variants.map((one, i) => (
              <option key={i} value={i}>
                {nameOfVariant(one)}
              </option>
            ))}
          </select>
        </span>
      </div>
      {isRow ? (
        <Field schema={variant} path={path} value={value} onEdit={onEdit} />
      ) : (
        <Parts key={chosen} schema={variant} path={path} value={value} onEdit={onEdit} />
      )}
    </>
  );
}

function Named({ of, path, value, onEdit }: PartsProps & { of: Schema }) {
  const [name, setName] = useState("");
  const parts = (value ?? {}) as Record<string, unknown>;
  return (
    <>
      {Object.entries(parts).map(([key, part]) => (
        <Field key={key} schema={of} path={[...path, key]} value={part} onEdit={onEdit} />
      ))}
      <div className="scan-add">
        <input
          type="text"
          value={name}
          placeholder="name"
          aria-label={`name of a new part of ${path.join(".")}`}
          onChange={(event) => setName(event.target.value)}
        />
        <button
          type="button"
          disabled={name === "" || name in parts}
          onClick={() => {
            onEdit([...path, name], startOf(of));
            setName("");
          }}
        >
          add
        </button>
      </div>
    </>
  );
}

function List({ of, path, value, onEdit }: PartsProps & { of: Schema }) {
  const items = Array.isArray(value) ? value : [];
  return (
    <>
      {items.map((item, i) => (
        <div className="scan-item" key={i}>
          <Section schema={{ ...of, default: {} }} path={[...path, i]} value={item} onEdit={onEdit} />
        </div>
      ))}
      <div className="scan-add">
        <button
          type="button"
          aria-label={`add to ${path.join(".")}`}
          onClick={() => onEdit([...path, items.length], startOf(of))}
        >
          add
        </button>
      </div>
    </>
  );
}

/** What no control is made for is written as it stands. */
function AsYaml({ path, value, onEdit }: PartsProps) {
  const [text, setText] = useState(value === undefined ? "" : stringify(value));
  const [problem, setProblem] = useState<string>();
  return (
    <div className="scan-yaml">
      <textarea
        value={text}
        aria-label={`${path.join(".")} as YAML`}
        rows={4}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          try {
            onEdit(path, text.trim() === "" ? undefined : (parse(text) as unknown));
            setProblem(undefined);
          } catch (error) {
            setProblem((error as Error).message);
          }
        }}
      />
      {problem && <span className="scan-problem">{problem}</span>}
    </div>
  );
}
