import { InputError } from "../data/index.ts";

/** @throws InputError "export-format" */
export function figureFormats(text: string): readonly ("png" | "svg")[] {
  const formats = text.split(",");
  const wrong = formats.find((format) => format !== "png" && format !== "svg");
  if (wrong === undefined) return formats as ("png" | "svg")[];
  throw new InputError("export-format", `Cannot write figures as "${wrong}": --format is png, svg or png,svg.`);
}
