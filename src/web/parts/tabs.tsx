/** Tabs in a row. Arrow keys, Home and End move through them, as ARIA's authoring practices have it. */
import type { KeyboardEvent } from "react";

export interface Tab<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

export interface TabsProps<T extends string> {
  /** what the tabs choose: "mode" */
  readonly label: string;
  readonly tabs: readonly Tab<T>[];
  readonly shown: T;
  readonly onShow: (value: T) => void;
  readonly className?: string;
}

export function Tabs<T extends string>({ label, tabs, shown, onShow, className = "tabs" }: TabsProps<T>) {
  const idOf = (value: T): string => `tab-${label}-${value}`.replaceAll(" ", "-");
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ value }) => value === shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    // arrows move the voxel elsewhere on the page
    event.stopPropagation();
    const { value } = tabs[(to + tabs.length) % tabs.length]!;
    onShow(value);
    // the row may be drawn anew with what it shows
    requestAnimationFrame(() => document.getElementById(idOf(value))?.focus());
  };
  return (
    <span className={className} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(({ value, label: text, hint }) => (
        <button
          type="button"
          role="tab"
          key={value}
          id={idOf(value)}
          title={hint}
          aria-selected={value === shown}
          tabIndex={value === shown ? 0 : -1}
          onClick={(event) => {
            onShow(value);
            // after a click arrows move the voxel again; who came by keys (detail 0) stays
            if (event.detail > 0) event.currentTarget.blur();
          }}
        >
          {text}
        </button>
      ))}
    </span>
  );
}
