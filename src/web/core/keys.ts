/** The keyboard: pages say what a key does, the shell lists it under "?". */
import { useEffect } from "react";

export interface KeyBinding {
  /** as in KeyboardEvent.key, "ArrowLeft", "l"; with "Shift+" before it where that is held */
  readonly keys: readonly string[];
  readonly label: string;
  readonly act: (key: string) => void;
}

const active = new Set<readonly KeyBinding[]>();
export const activeKeys = (): KeyBinding[] => [...active].flat();

/** @param bindings made anew only when they change (useMemo) */
export function useKeys(bindings: readonly KeyBinding[]): void {
  useEffect(() => {
    active.add(bindings);
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      const isTyping =
        target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const name = event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
      const binding = bindings.find(({ keys }) => keys.includes(name));
      if (!binding) return;
      event.preventDefault();
      binding.act(name);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      active.delete(bindings);
      window.removeEventListener("keydown", onKey);
    };
  }, [bindings]);
}
