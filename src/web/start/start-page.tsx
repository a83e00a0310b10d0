/** What there is in the served folder, and the way to a first map. */

import type { Session } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";

export function StartPage() {
  const session = useJson<Session>("session");
  return <main className="page">{session.data?.folder}</main>;
}
