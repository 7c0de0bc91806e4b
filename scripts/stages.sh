# Sourced by the scripts that run stages: each stage is timed, one that fails doesn't keep the others from running, and table
# says at the end how they went.
names=() seconds=() verdicts=()

# stage NAME COMMAND… runs a command and keeps its time and verdict.
stage() {
	local name=$1 start=$SECONDS verdict=ok
	shift
	printf '\n== %s\n' "$name"
	"$@" || verdict=FAILED
	names+=("$name") seconds+=($((SECONDS - start))) verdicts+=("$verdict")
}

# table prints the stages and leaves their sum in total. It fails if one of them did.
table() {
	local i failed=0
	total=0
	printf '\n%-30s %6s  %s\n' stage seconds verdict
	for i in "${!names[@]}"; do
		printf '%-30s %6d  %s\n' "${names[i]}" "${seconds[i]}" "${verdicts[i]}"
		total=$((total + seconds[i]))
		[ "${verdicts[i]}" = ok ] || failed=1
	done
	printf '%-30s %6d\n' total "$total"
	return $failed
}

# fuzz TIMES runs every fuzz target from its committed corpus, so many times a short run. It is bounded by a count: with a time,
# go test now and then reports its own deadline as a failure. What one machine found interesting doesn't slow the next run.
fuzz() {
	local file target count
	while IFS=: read -r file target; do
		case $target in
		FuzzOutcomes) count=50 ;; # long lists
		FuzzCommands | FuzzRecords | FuzzSizesAndKeys | FuzzDecode | FuzzEncode) count=100 ;; # each is a story of its own
		*) count=400 ;;
		esac
		go test -run '^$' -fuzz "^$target\$" -fuzztime $((count * $1))x -fuzzminimizetime 10x "./$(dirname "$file")" -args -test.fuzzcachedir="$work/fuzz" || return
	done < <(git grep -oE '^func Fuzz[A-Za-z0-9]+' -- '*_test.go' | sed 's/func //')
}
