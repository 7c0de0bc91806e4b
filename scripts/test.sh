#!/usr/bin/env bash
# Everything that CI runs, stage by stage. A stage that fails doesn't keep the others from running. The table at the end
# says what took how long; together they may take 14 minutes.
set -uo pipefail
cd "$(dirname "$0")/.."

. scripts/stages.sh
budget=840
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

format() {
	local bad
	bad=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0r gofmt -l) || return
	[ -z "$bad" ] && return
	printf '%s: not formatted, run gofmt -w\n' $bad
	return 1
}

build() { rm -rf bin && go build ./... && make -s build; }

lint() { go vet ./... && go tool -modfile=tools/go.mod staticcheck ./...; }

# Some packages wait in real time for what they have started: meanwhile others run. A program under the race detector would sleep a second before
# it exits, and the scripts run more than a hundred.
unit() {
	if command -v "$(go env CC | cut -d' ' -f1)" >/dev/null; then
		CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -race -p 3 ./...
	else
		echo "no C compiler found: the tests run without the race detector"
		go test -p 3 ./...
	fi
}

# Each run must write the traces that are kept beside the scenarios, all of them and no others: the same on every store, every
# time.
replay() {
	local run bin=$PWD/bin/locksim ok=0
	for run in memory-1 memory-2 badger-1; do
		cp -r scenarios "$work/$run" && find "$work/$run" -name '*.trace' -delete || return
		echo "$run:"
		(cd "$work/$run" && "$bin" replay --store "${run%-*}" --trace .) || ok=1
		diff -r scenarios "$work/$run" || { echo "$run: the traces differ from those beside the scenarios, as shown above"; ok=1; }
	done
	return $ok
}

# The engine dies at every call that it makes. One thread does it all, so the race detector would only slow it down: among
# the unit tests, which run under it, a sample of the calls is enough.
crash() { go test -count=1 -run 'Dies' -v ./sim/world; }

# The store's machine loses power, and its disk fails. Among the unit tests a few cuts are enough, as above. Only Linux lets a test see what is
# synced.
power() { POWERCUT_CUTS=50 go test -count=1 -v ./internal/powercut; }

# A fixed set of random stories in which every decision is made in the face of every fault. After a change of the stories:
# bin/locksim swarm --seeds 3000 --choose scripts/swarm-seeds.txt
swarm() { bin/locksim swarm --list scripts/swarm-seeds.txt --require-coverage; }

docs() {
	cp -r docs "$work/docs" && bin/lockctl docs "$work/docs" && bin/locksim docs "$work/docs" || return
	diff -r -x matrix.md docs "$work/docs" || { echo "generated pages differ: run make docs"; return 1; }
}

# Every story at every vendor's locks, through their protocols, twice with the same trace; the table that is kept must say the same.
matrix() {
	bin/locksim matrix --out "$work/matrix.md" scenarios || return
	diff docs/matrix.md "$work/matrix.md" || { echo "the table differs: run make docs"; return 1; }
}

# What is written for others must work here as it is: their own clients are tried on the built programs.
clients() {
	local major
	major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null)
	if [ "${major:-0}" -lt 20 ]; then
		echo "no Node 20 or newer was found: the clients of others were not tried"
		[ "${CI:-}" != true ]
		return
	fi
	(cd scripts/clients && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund; } && node --test --test-reporter=spec)
}

stage "format" format
stage "build" build
stage "vet, staticcheck" lint
stage "house rules" go test ./internal/arch
stage "unit tests" unit
stage "crash at every effect" crash
stage "power cuts" power
stage "replay: memory twice, badger" replay
stage "stories at every vendor" matrix
stage "real clients" clients
stage "swarm" swarm
stage "generated docs" docs
stage "fuzz" fuzz 1

failed=0
table || failed=1
if [ "$total" -gt "$budget" ]; then
	echo "the stages take longer than $budget s together: make one of them faster"
	failed=1
fi
exit $failed
