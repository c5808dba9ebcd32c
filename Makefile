# Two commands do everything from a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DATA ?= ../shared/data

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip uv
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	touch $@

.PHONY: setup
setup: $(STAMP) ## Install everything into .venv

.PHONY: demo
demo: setup ## Run the whole product on an embedded Kafka with simulated lines
	$(BIN)/foreshot demo

.PHONY: test
test: setup ## Run all tests on the embedded Kafka
	$(BIN)/python -m pytest -q tests --ignore=tests/benchmarks

.PHONY: lint
lint: setup ## Check style, types and layers
	$(BIN)/ruff check stream metalearn tests
	$(BIN)/ruff format --check --quiet stream metalearn tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry . --no-ansi

.PHONY: bench
bench: setup ## Measure the hot paths
	$(BIN)/python -m pytest -q tests/benchmarks --benchmark-only

PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/.installed

$(PEERS_STAMP): requirements-peers.lock | $(STAMP)
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	VIRTUAL_ENV=$(CURDIR)/$(PEERS) $(BIN)/uv pip install --quiet --require-hashes -r requirements-peers.lock
	touch $@

.PHONY: bench-peers
bench-peers: setup $(PEERS_STAMP) ## Measure what an event costs beside Faust, Quix Streams and aiokafka (EVENTS=N, ROUNDS=N)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.peers --peers $(PEERS)/bin --out out/peers \
		$(if $(EVENTS),--events $(EVENTS)) $(if $(ROUNDS),--rounds $(ROUNDS))

.PHONY: bench-latency
bench-latency: setup ## Measure how long an event waits for its score at half of the capacity (SECONDS_EACH=N, else 600)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.latency --out out/latency $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH))

.PHONY: soak
soak: setup ## Run a scorer and a learner for an hour and look for growth (SECONDS_EACH=N, RATE=events a second)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.soak --out out/soak \
		$(if $(SECONDS_EACH),--seconds $(SECONDS_EACH)) $(if $(RATE),--rate $(RATE))

.PHONY: bench-growth
bench-growth: setup ## Measure what more lines and more entities cost, and how fast state comes back
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.growth --out out/growth

.PHONY: bench-capacity
bench-capacity: setup ## Measure partitions' price, and reckon what a million events a second need
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.capacity --out out/capacity

.PHONY: bench-ledger
bench-ledger: setup ## Measure what the fingerprint ledger finds, and what a document costs
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.ledger --out out/ledger

.PHONY: bench-text
bench-text: setup ## Measure what words as features cost, and what they are worth where they tell
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.text --bert-base --out out/text
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.text --planted --out out/text

.PHONY: handbook
handbook: setup ## Train and backtest on the handbook's cards (needs DATA)
	$(BIN)/python tests/handbook.py --data $(DATA) --out out/handbook

.PHONY: customs
customs: setup ## Judge customs' published split (needs DATA)
	OMP_NUM_THREADS=1 $(BIN)/python tests/customs.py --data $(DATA) --out out/customs_split

out/handbook/init.safetensors: | $(STAMP)
	$(BIN)/foreshot train --lines lines/card_handbook.yaml --events $(DATA)/card_handbook/transactions.parquet \
		--until 2018-07-11 --out $@

.PHONY: replay-check
replay-check: setup out/handbook/init.safetensors ## Replay a week through Kafka and compare with the backtest (needs DATA)
	$(BIN)/python tests/replay_check.py --data $(DATA) --out out/replay

REPEATS ?=

.PHONY: faults
faults: setup ## Kill, freeze and break real installations, and check what they leave (REPEATS=N bounds it)
	$(BIN)/python -m tests.faults --out out/faults $(if $(REPEATS),--repeats $(REPEATS))

.PHONY: robustness
robustness: setup ## Measure what each guard against wrong labels and moving frauds costs
	$(BIN)/python tests/robustness.py --out out/robustness

.PHONY: attacks
attacks: setup ## Let sources of labels lie, flood and trickle poison, and measure what lines lose
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.attacks --out out/attacks

.PHONY: hostile
hostile: setup ## Run 100,000 hostile events, labels and inner records and 20,000 documents through the workers' code
	PYTHONPATH=. $(BIN)/python tests/faults/hostile_input.py --out out/hostile

.PHONY: few-shot-world
few-shot-world: setup ## Simulate the lines of tasks/simulator.yaml and tasks/simulator_pairs.yaml
	$(BIN)/python -m stream.simulation.few_shot_world --out out/few_shot_world
	$(BIN)/python -m stream.simulation.few_shot_world --out out/few_shot_pairs --held-out

.PHONY: supply-chain-world
supply-chain-world: setup ## Simulate the documents and lines of tasks/supply_chain.yaml
	$(BIN)/python -m stream.simulation.supply_chain --out out/supply_chain_world

.PHONY: trade-families
trade-families: setup ## Judge each family of supply-chain fraud alone
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python tests/trade_families.py --out out/trade_families

.PHONY: few-shot-scale
few-shot-scale: setup ## Measure what the few-shot model costs as lines grow
	$(BIN)/python -m tests.few_shot_scale --out out/few_shot_scale

.PHONY: few-shot-ablation
few-shot-ablation: setup ## Measure what each piece of the few-shot model is worth (needs DATA)
	$(BIN)/python -m tests.few_shot_ablation --data $(DATA) --out out/ablation

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: inner-steps
inner-steps: setup ## Measure how many inner steps so many labels bear
	$(BIN)/python tests/inner_steps.py --out out/inner_steps

AUDITED := scorer learner build peers
UVX := $(BIN)/uvx --quiet

.PHONY: audit
audit: setup ## Write bills of materials and look for known vulnerabilities (needs the network)
	mkdir -p out/sbom
	$(foreach lock,$(AUDITED),$(UVX) --from cyclonedx-bom@7.5.0 cyclonedx-py requirements requirements-$(lock).lock \
		--output-reproducible --of JSON -o out/sbom/$(lock).json &&) true
	$(UVX) pip-audit@2.10.1 --strict --disable-pip --require-hashes --progress-spinner off -r requirements.lock \
		$(foreach lock,$(AUDITED),-r requirements-$(lock).lock)

.PHONY: lock
lock: ## Make all requirements*.lock anew; the images' have the versions that are tested
	$(LOCK) pyproject.toml --all-extras --output-file requirements.lock
	$(LOCK) pyproject.toml --constraints requirements.lock --output-file requirements-scorer.lock
	$(LOCK) pyproject.toml --extra learn --constraints requirements.lock --output-file requirements-learner.lock
	$(LOCK) --group build --output-file requirements-build.lock
	$(LOCK) --group peers --output-file requirements-peers.lock

.PHONY: docs
docs: setup ## Make the generated pages anew
	$(BIN)/python -m stream.metrics > docs/metrics.md
	$(BIN)/python -m stream.settings > docs/settings.md
	$(BIN)/python -m stream.simulation.leak_audit > docs/simulator.md
	$(BIN)/python -m stream.simulation.supply_chain.audit_page > docs/supply_chain_simulator.md
	$(BIN)/python -m stream.transport.permissions
