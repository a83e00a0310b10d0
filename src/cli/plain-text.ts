/**
 * Words on their way to a terminal: names of files and texts out of them may hold what a terminal obeys (escape
 * sequences, marks that turn the direction of writing), which is shown instead of done.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: what it looks for
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const shown = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Tabs and line ends stay. */
export const plainText = (text: string): string => text.replace(OBEYED, shown);

/** A message: its further lines are indented, and any other line end comes from a name. */
export const plainMessage = (text: string): string => plainText(text.replace(/\n(?! )/g, "\\n"));
