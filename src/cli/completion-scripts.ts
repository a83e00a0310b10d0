/** Completion for bash, zsh and fish: scripts that know all commands by themselves, so that a shell starts nothing. */

/** What may be given: one of a few words, files with these endings (none: any file), folders; or anything, unknown. */
export interface Value {
  readonly choices?: readonly string[];
  readonly endings?: readonly string[];
  readonly isFolder?: true;
}

export interface CompletedOption {
  readonly flags: readonly string[];
  readonly description: string;
  /** left out: it takes none */
  readonly value?: Value;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly argument?: Value;
  readonly options: readonly CompletedOption[];
}

const HEAD = (shell: string): string => `# xrdct completion for ${shell}, made by: xrdct completion ${shell}`;

/** For bash from 3.2 on, with or without the package bash-completion. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const words = (list: readonly string[]): string => `_xrdct_words ${quote(list.join(" "))}`;
  const offer = ({ choices, endings, isFolder }: Value): string =>
    [
      ...(choices ? [words(choices)] : []),
      ...(isFolder ? ["_xrdct_folders"] : endings ? [`_xrdct_files ${endings.join(" ")}`.trimEnd()] : []),
    ].join("; ") || ":";
  return [
    HEAD("bash"),
    "_xrdct_words() {",
    "  local IFS=$' \\t\\n'",
    '  COMPREPLY+=($(compgen -W "$1" -- "$cur"))',
    "}",
    "_xrdct_folders() {",
    "  local IFS=$'\\n'",
    "  compopt -o filenames 2>/dev/null",
    '  COMPREPLY+=($(compgen -d -- "$cur"))',
    "}",
    "_xrdct_files() {",
    "  local IFS=$'\\n' file ending",
    "  compopt -o filenames 2>/dev/null",
    '  for file in $(compgen -f -- "$cur"); do',
    '    if [ -d "$file" ] || [ $# -eq 0 ]; then COMPREPLY+=("$file"); continue; fi',
    '    for ending in "$@"; do case $file in *."$ending") COMPREPLY+=("$file") ;; esac; done',
    "  done",
    "}",
    "_xrdct() {",
    `  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}`,
    "  COMPREPLY=()",
    `  if [ "$COMP_CWORD" -eq 1 ]; then ${words([...commands.map(({ name }) => name), "--help", "--version"])}; return; fi`,
    '  case "$command $previous" in',
    ...commands.flatMap(({ name, options }) =>
      options.flatMap(({ flags, value }) =>
        value ? [`    ${flags.map((flag) => quote(`${name} ${flag}`)).join("|")}) ${offer(value)}; return ;;`] : [],
      ),
    ),
    "  esac",
    '  case "$command" in',
    ...commands.map(
      ({ name, options, argument }) =>
        `    ${name}) case $cur in -*) ${words(options.flatMap(({ flags }) => flags))} ;; *) ${offer(argument ?? {})} ;; esac ;;`,
    ),
    "  esac",
    "}",
    "complete -F _xrdct xrdct",
    "",
  ].join("\n");
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const offer = ({ choices, endings, isFolder }: Value): string => {
    const files = isFolder
      ? "_files -/"
      : endings?.length
        ? `_files -g "*.(${endings.join("|")})"`
        : endings && "_files";
    if (!choices) return files ?? " ";
    return files ? `{ compadd ${choices.join(" ")}; ${files} }` : `(${choices.join(" ")})`;
  };
  // brackets and colons have a meaning in a specification of _arguments
  const plain = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");
  const option = ({ flags, description, value }: CompletedOption): string[] =>
    flags.map((flag) => quote(`*${flag}[${plain(description)}]${value ? `:value:${offer(value)}` : ""}`));
  return [
    "#compdef xrdct",
    HEAD("zsh"),
    "_xrdct() {",
    "  if (( CURRENT == 2 )); then",
    "    local -a commands",
    `    commands=(${commands.map(({ name, summary }) => quote(`${name}:${plain(summary)}`)).join(" ")})`,
    "    _describe command commands",
    "    return",
    "  fi",
    "  local command=$words[2]",
    "  shift words",
    "  (( CURRENT-- ))",
    "  case $command in",
    ...commands.flatMap(({ name, options, argument }) => [
      `    ${name}) _arguments \\`,
      ...options.flatMap(option).map((line) => `      ${line} \\`),
      `      ${argument ? quote(`*:argument:${offer(argument)}`) : "''"} ;;`,
    ]),
    "  esac",
    "}",
    // read as a function of its name by compinit, or sourced
    'if [[ "$funcstack[1]" == _xrdct ]]; then _xrdct "$@"; else compdef _xrdct xrdct; fi',
    "",
  ].join("\n");
}

export function fishScript(commands: readonly CompletedCommand[]): string {
  const offer = ({ choices, endings, isFolder }: Value): string => {
    const files = isFolder
      ? "(__fish_complete_directories)"
      : (endings ?? []).map((ending) => `(__fish_complete_suffix .${ending})`).join(" ");
    const offered = [...(choices ?? []), files].filter(Boolean).join(" ");
    if (offered) return ` -f -a ${quote(offered)}`;
    return endings ? " -F" : " -f";
  };
  return [
    HEAD("fish"),
    "complete -c xrdct -f -n __fish_use_subcommand -l help -d 'display help for command'",
    "complete -c xrdct -f -n __fish_use_subcommand -l version -d 'output the version number'",
    ...commands.flatMap(({ name, summary, options, argument }) => {
      const within = `complete -c xrdct -n '__fish_seen_subcommand_from ${name}'`;
      return [
        `complete -c xrdct -f -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
        ...(argument ? [`${within}${offer(argument)}`] : []),
        ...options.map(({ flags, description, value }) => {
          const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
          return `${within} ${names.join(" ")} -d ${quote(description)}${value ? ` -r${offer(value)}` : ""}`;
        }),
      ];
    }),
    "",
  ].join("\n");
}

/** One word of any of the three shells, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
