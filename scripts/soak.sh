#!/usr/bin/env bash
# What takes too long for every change: the same tests as in make test, many more times. The table at the end says what took
# how long.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

power() { POWERCUT_CUTS=1000 POWERCUT_FAULTS=200 POWERCUT_STRICT=60 go test -count=1 -timeout 1h -v ./internal/powercut; }

stage "power cuts" power
stage "fuzz" fuzz 100

# Ten thousand locks go away and come back at once, one by one and with their clouds.
crowd() { LOAD_LOCKS=10000 go test -count=1 -timeout 1h -run AwayAndComes -v ./sim/drive; }

stage "ten thousand return" crowd

# A thousand clients create, read, dawdle and go away, and the daemon is killed in the midst of it.
clients() { LOAD_CLIENTS=1000 go test -count=1 -timeout 1h -run CrowdOfClients -v ./cmd/lockctl; }

stage "a thousand clients" clients

# A vendor that answers after nearly a minute, in real time, beside one that answers at once.
slow() { go test -count=1 -timeout 10m -tags soak -run SlowProvider -v ./cmd/lockctl; }

stage "a slow provider" slow

# Random stories that nobody has seen before: another commit tries others.
swarm() { make -s bin/locksim && bin/locksim swarm --seed "$((16#$(git rev-parse --short=8 HEAD)))" --minutes 30; }

stage "fresh stories" swarm

table
