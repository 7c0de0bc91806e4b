# Everything needs Go alone; `make test` adds the race detector where a C compiler is found.
.DEFAULT_GOAL := help
.PHONY: help run test quick bench scenarios golden docs build clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## open lockctl on the demonstration
	@echo "building lockctl (the first time takes about a minute) …"
	@go build -o bin/lockctl ./cmd/lockctl
	@bin/lockctl

test: ## run everything that CI runs, with a table of times at the end
	@scripts/test.sh

quick: ## build, vet and unit tests without the race detector: the inner loop
	@go build ./...
	@go vet ./...
	@go test ./...

bench: ## run the benchmarks
	@go test -run '^$$' -bench . -benchmem ./...

scenarios: bin/locksim ## replay every scenario and print a line for each
	@bin/locksim replay scenarios

golden: bin/locksim ## rewrite the golden traces and frames; review the diff
	@bin/locksim replay --trace scenarios
	@go test ./tui/... -update

docs: build ## rewrite the generated pages below docs/
	@bin/lockctl docs docs
	@bin/locksim docs docs

build: bin/lockctl bin/locksim ## build bin/lockctl and bin/locksim

.PHONY: bin/lockctl bin/locksim
bin/lockctl bin/locksim:
	@go build -o $@ ./cmd/$(@F)

clean: ## remove what was built
	@rm -rf bin out
