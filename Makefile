# Everything needs Go alone; `make test` adds the race detector where a C compiler is found.
.DEFAULT_GOAL := help
.PHONY: help run test soak quick bench bench-serve bench-beside bench-million mutate scenarios golden docs build clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## open lockctl on the demonstration
	@echo "building lockctl (the first time takes about a minute) …"
	@go build -o bin/lockctl ./cmd/lockctl
	@bin/lockctl

test: ## run everything that CI runs, with a table of times at the end
	@scripts/test.sh

soak: ## run what takes too long for make test: power cuts, fuzzing, ten thousand locks that return, a thousand clients, a slow provider
	@scripts/soak.sh

quick: ## build, vet and unit tests without the race detector: the inner loop
	@go build ./...
	@go vet ./...
	@go test ./...

bench: ## run the benchmarks, which takes some minutes; docs/BENCHMARKS.md says what they said
	@go test -run '^$$' -bench . -p 1 -timeout 1h ./...

bench-serve: ## what docs/BENCHMARKS.md says of lockctl serve, in about ten minutes: creations, memory, start, lateness, beside the fake
	@go test ./cmd/lockctl -run '^$$' -bench AtAPace -benchtime 1x -count 3 -timeout 20m
	@go test ./cmd/lockctl -run '^$$' -bench Serve$$ -benchtime 1x -timeout 10m
	@go test ./sim/drive -run '^$$' -bench Due -benchtime 1x -timeout 10m
	@go test ./engine/live -run '^$$' -bench Create -benchtime 3x -timeout 10m
	@$(MAKE) --no-print-directory bench-beside

bench-beside: ## lockctl serve beside the in-memory fake of the hosted API, which npm installs
	@if command -v npm >/dev/null; then cd scripts/rival && npm ci --no-audit --no-fund; fi
	@go test ./cmd/lockctl -run '^$$' -bench BesideTheFake -benchtime 1x -timeout 10m

bench-million: ## a million codes: time to open, memory, import; a virtual year of 10 000 locks, keys over all of them; takes the better part of an hour
	@go test -run '^$$' -bench 'Million|Import|Year' -benchtime 1x -p 1 -timeout 2h -tags million ./engine/live ./sim/world ./tui

mutate: ## make small mistakes in the engine and list those that nothing notices; ARGS="--sample 400" for some of them
	@nice go run ./scripts/mutate $(ARGS)

scenarios: bin/locksim ## replay every scenario and print a line for each
	@bin/locksim replay scenarios

golden: bin/locksim ## rewrite the golden traces and frames; review the diff
	@bin/locksim replay --trace scenarios
	@go test ./tui/... -update

docs: build ## rewrite the generated pages below docs/
	@bin/lockctl docs docs
	@bin/locksim docs docs
	@bin/locksim matrix --out docs/matrix.md scenarios

build: bin/lockctl bin/locksim ## build bin/lockctl and bin/locksim

.PHONY: bin/lockctl bin/locksim
bin/lockctl bin/locksim:
	@go build -o $@ ./cmd/$(@F)

clean: ## remove what was built
	@rm -rf bin out
