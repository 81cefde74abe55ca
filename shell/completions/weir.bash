# Completion of the program weir for bash: commands, options, modes, files.
_weir() {
    local commands="run check test explain verify bench help version"
    local options="-d --db -c --mode --set --once --read-only --fail-on-errors -q --quiet -v --no-color --no-progress --tap --junit --var --dry-run --prune --watch --svg --json --query --events --runs --list --make"
    local modes="table box csv tsv json jsonl line list markdown insert"
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    case $before in
        --mode) mapfile -t COMPREPLY < <(compgen -W "$modes" -- "$word"); return ;;
        help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word"); return ;;
        -d|--db) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    esac
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word"); return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    [ "$COMP_CWORD" = 1 ] && mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$commands" -- "$word")
}
complete -o filenames -F _weir weir
