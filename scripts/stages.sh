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
