/** What the phases of a cell are for: by their names in the model. */
export interface PhaseRoles {
  readonly casing: readonly string[];
  readonly cathode: readonly string[];
  readonly anode: readonly string[];
  readonly cathodeCollector: readonly string[];
  readonly anodeCollector: readonly string[];
  readonly separator: readonly string[];
  readonly tab: readonly string[];
}
export type PhaseRole = keyof PhaseRoles;

/** How phases of cells are usually called; the first that fits. */
const USUAL: readonly (readonly [PhaseRole, RegExp])[] = [
  ["separator", /separator|polymer|polyethylene|polypropylene|^P[EP]$/i],
  ["cathode", /NMC|NCM|NCA|^LCO|^LFP|FePO4|^LMO|LNMO|NaCoO2|LiCoO2|LiFePO4|LiMn2O4/i],
  ["anode", /graphite|^LiC\d+|^LTO|^Li$|bronze|^Si$/i],
  ["cathodeCollector", /^Al(uminium)?$/i],
  ["anodeCollector", /^Cu$|copper/i],
  ["casing", /^Fe$|iron|steel|austenite|ferrite/i],
  ["tab", /^Ni$|nickel|tab/i],
];

/** The roles that the names of phases suggest; one that suggests none has none. */
export function guessRoles(phases: readonly string[]): PhaseRoles {
  const roleOf = (phase: string): PhaseRole | undefined => USUAL.find(([, name]) => name.test(phase))?.[0];
  const having = (role: PhaseRole): string[] => phases.filter((phase) => roleOf(phase) === role);
  return {
    casing: having("casing"),
    cathode: having("cathode"),
    anode: having("anode"),
    cathodeCollector: having("cathodeCollector"),
    anodeCollector: having("anodeCollector"),
    separator: having("separator"),
    tab: having("tab"),
  };
}
