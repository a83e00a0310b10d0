import type { ReactNode } from "react";

/** One view with its title and its own tools at the right; `name` is how tests and links find it. */
export function Panel({
  name,
  title,
  tools,
  children,
  className = "",
}: {
  name: string;
  title: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`panel ${className}`} data-panel={name} aria-label={typeof title === "string" ? title : name}>
      <header className="panel-head">
        <h2>{title}</h2>
        <div className="panel-tools">{tools}</div>
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}
