# ackproof: when the broker said "acked", was it true?
# Needs Go, git and make; everything else is fetched by the Go toolchain.

SHELL := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/ackproof/ackproof/broker/server.Version=$(VERSION)
GOLANGCI_VERSION := v2.15.0
GOLANGCI := bin/tools/golangci-lint-$(GOLANGCI_VERSION)
ACTIONLINT_VERSION := v1.7.12
ACTIONLINT := bin/tools/actionlint-$(ACTIONLINT_VERSION)
# The cases of make canary.
CANARY := --seeds 24 --seed 900 --unguided --keep-going --results bin/canary-runs

.DEFAULT_GOAL := help
.PHONY: help build lint test race canary mutants gallery shrinks fuzz test-durability compare-acks replay bench faults images cluster-up cluster-down clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

build: ## the static binaries, into bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

lint: $(GOLANGCI) $(ACTIONLINT) ## golangci-lint, gofmt, and actionlint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GOLANGCI) run ./...
	$(ACTIONLINT) .github/workflows/*.yml

$(GOLANGCI):
	@mkdir -p bin/tools
	GOBIN=$(CURDIR)/bin/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/tools/golangci-lint $@

$(ACTIONLINT):
	@mkdir -p bin/tools
	GOBIN=$(CURDIR)/bin/tools go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	mv bin/tools/actionlint $@

test: ## all tests; about 2 minutes
	@docker info >/dev/null 2>&1 || echo 'SKIPPED: no Docker engine answers, so container tests do not run (ACKPROOF_REQUIRE_DOCKER=1 makes that a failure)'
	@command -v kcat >/dev/null || echo 'SKIPPED: kcat is not installed, so no librdkafka client is tested'
	go vet ./...
	go test ./...

race: ## all tests under the race detector (needs cgo)
	go test -race ./...

canary: build ## the same seeds give the same hashes: on one thread, on four, and under the race detector (needs cgo)
	go build -race -o bin/ackproof-race ./cmd/ackproof
	GOMAXPROCS=1 bin/ackproof explore $(CANARY) --hashes bin/canary-1 >/dev/null
	GOMAXPROCS=4 bin/ackproof explore $(CANARY) --hashes bin/canary-4 --jobs 1 >/dev/null
	bin/ackproof-race explore $(CANARY) --hashes bin/canary-race >/dev/null
	cmp bin/canary-1 bin/canary-4
	cmp bin/canary-1 bin/canary-race
	@echo "canary: ok, $$(wc -l <bin/canary-1) seeds, three times the same"

mutants: build ## look for every planted bug by chance, and write docs/mutants.md (BUDGET=5m each)
	bin/ackproof mutants --budget $(or $(BUDGET),5m) --out docs/mutants.md $(ARGS)

gallery: ## make the known failures happen again, and write down how, as long as they fail in the same way
	go test ./harness/explore -run Gallery -rewrite
	git --no-pager diff --stat -- results/gallery

shrinks: build ## shrink cases full of faults, for the bugs of the gallery, and write docs/shrink.md
	bin/ackproof bench --shrink --into docs/shrink.md $(ARGS)

fuzz: ## witness against Porcupine, the history reader, the codec, the entries of the metadata log, for 30 s each
	go test ./checker -run '^$$' -fuzz FuzzWitnessAgainstPorcupine -fuzztime 30s
	go test ./harness/history -run '^$$' -fuzz FuzzRead -fuzztime 30s
	go test ./broker/wire -run '^$$' -fuzz FuzzDecodeRequest -fuzztime 30s
	go test ./broker/controller -run '^$$' -fuzz FuzzReadEntry -fuzztime 30s

test-durability: build ## the main job: every configuration under faults, one table; fails unless ok
	bin/ackproof suite durability $(ARGS)

compare-acks: build ## acks 0, 1, all and min.insync.replicas 1, 2 under one schedule
	bin/ackproof compare --acks 0,1,all --min-isr 1,2 $(ARGS)

replay: build ## make replay RUN=results/<run> [N=20]: run its schedule again, k of n fail
	@test -n "$(RUN)" || { echo 'replay: RUN is not set: make replay RUN=results/<run>'; exit 254; }
	bin/ackproof replay $(RUN) -n $(or $(N),20) $(ARGS)

bench: build ## the broker under load, the checkers on a million ops, the speed of simulating
	bin/ackproof bench $(ARGS)
	go test ./checker -run '^$$' -bench . -benchtime 3x
	go test ./broker/storage -run '^$$' -bench .
	go test ./harness/explore -run '^$$' -bench TenSeconds -benchtime 20s

faults: build ## how long faults take to apply and to heal, into docs/faults.md
	bin/ackproof bench --faults --rounds 5 --into docs/faults.md $(ARGS)

images: ## the broker and the fault agent as images FROM scratch, for docker/compose.yaml
	@mkdir -p bin/linux
	CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags '-s -w' -o bin/linux/ ./cmd/ackbroker ./cmd/faultd ./docker/healthcheck
	docker build -q -t ackproof/broker:dev -f docker/broker.Dockerfile bin/linux
	docker build -q -t ackproof/agent:dev -f docker/agent.Dockerfile bin/linux

cluster-up: build ## three brokers to play with, in containers by compose if it is there; prints their addresses
	@docker/playground up $(ARGS)

cluster-down: build ## stop them
	@docker/playground down $(ARGS)

clean: ## remove bin/ and the runs
	rm -rf bin
	find results -mindepth 1 -maxdepth 1 -not -name gallery -not -name README.md -exec rm -rf {} +
