/** model.yaml as text, with numbers of lines; those with a mistake are marked. */
import { useEffect, useRef } from "react";

export function ModelEditor({
  text,
  lines,
  onChange,
}: {
  text: string;
  /** with a mistake, from 1 */
  lines: readonly number[];
  onChange: (text: string) => void;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const count = text.split("\n").length;
  const follow = (): void => {
    if (area.current && gutter.current) gutter.current.scrollTop = area.current.scrollTop;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: a longer text may scroll by itself
  useEffect(follow, [count]);
  return (
    <div className="refine-editor">
      <div className="refine-gutter" aria-hidden ref={gutter}>
        {Array.from({ length: count }, (_, i) => (
          <span key={i} {...(lines.includes(i + 1) && { "data-wrong": i + 1 })}>
            {i + 1}
          </span>
        ))}
      </div>
      <textarea
        ref={area}
        aria-label="model.yaml"
        aria-invalid={lines.length > 0}
        spellCheck={false}
        wrap="off"
        value={text}
        onChange={({ target }) => onChange(target.value)}
        onScroll={follow}
      />
    </div>
  );
}
