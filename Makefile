# Everything a person does with this tree. `make` alone says what there is.
#
# Builds are out of the way, below build/: release, dev, asan, tsan, fuzz, coverage.

SHELL := /bin/bash
JOBS ?= $(shell nproc)
# Minutes that `make soak` gives to each fuzzer.
MINUTES ?= 10
# `make lint` looks at what changed since here.
LINT_BASE ?= HEAD~1

RELEASE := build/release
CMAKE_BUILD := cmake --build
RUN_TESTS := python3 tests/run.py --jobs $(JOBS)

.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## A small Internet on this machine: letters on their way, hop by hop
	@$(RELEASE)/chappe demo

.PHONY: run
run: build ## Take a walk: two accounts, one letter between them, on this machine only
	@$(RELEASE)/chappe run

.PHONY: test
test: build test-deps ## Run every test
	@$(CMAKE_BUILD) $(RELEASE) -j $(JOBS) --target $$($(RUN_TESTS) --build $(RELEASE) --print-targets)
	@$(RUN_TESTS) --build $(RELEASE)

.PHONY: build
build: deps $(RELEASE)/build.ninja ## Build the program: build/release/chappe
	@$(CMAKE_BUILD) $(RELEASE) -j $(JOBS) --target chappe

.PHONY: deps
deps: ## Install the Debian packages that building needs (nothing when they are there)
	@packaging/deps.sh

.PHONY: test-deps
test-deps: ## Get the clients and peers that tests talk to; starts no service
	@packaging/test-deps.sh

build/%/build.ninja: | deps
	@mkdir -p build
	@cmake --preset $* > build/$*.log 2>&1 || { cat build/$*.log; exit 1; }

# What the sanitizers look at: names of tests/run.py. With SANITIZE_ALL=1 the whole program is built with ASan too, and
# goes through the hostile and the crash tests.
ASAN_ONLY ?= ^unit/(base|codec|crypto|dns|message|net|proto|trust|store|post|agents|app)
TSAN_ONLY ?= ^unit/(base|net|store|post|agents/nameserver)
targets_of = $$(python3 tests/run.py --build build/$(1) --kinds unit --only '$(2)' --print-targets)

.PHONY: sanitize
sanitize: deps build/asan/build.ninja build/tsan/build.ninja ## Run the tests under ASan and UBSan, then under TSan
	@$(CMAKE_BUILD) build/asan -j $(JOBS) --target $(call targets_of,asan,$(ASAN_ONLY))
	@$(RUN_TESTS) --build build/asan --kinds unit --only '$(ASAN_ONLY)' --timeout 900
	@$(CMAKE_BUILD) build/tsan -j $(JOBS) --target $(call targets_of,tsan,$(TSAN_ONLY))
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan-suppressions.txt $$TSAN_OPTIONS" \
	  $(RUN_TESTS) --build build/tsan --kinds unit --only '$(TSAN_ONLY)' --timeout 900
ifdef SANITIZE_ALL
	@$(CMAKE_BUILD) build/asan -j $(JOBS)
	@$(RUN_TESTS) --build build/asan --short --timeout 900 --kinds unit,fuzz-seeds,hostile,crash
endif

.PHONY: bench
bench: build test-deps ## Run the benchmarks: of single parts, then of the whole program
	@$(CMAKE_BUILD) $(RELEASE) -j $(JOBS)
	@for bench in $$(find $(RELEASE)/src -maxdepth 1 -name '*_bench' -type f | sort); do \
	  echo "== $${bench##*/}"; $$bench --benchmark_min_time=0.2 || exit 1; done
	@for bench in $(sort $(wildcard bench/*.py)); do \
	  echo "== $$bench"; python3 $$bench --build $(RELEASE) || exit 1; done

.PHONY: soak
soak: build build/fuzz/build.ninja ## Fuzz each parser for MINUTES (10), then cut the power and flip bits more often
	@$(CMAKE_BUILD) build/fuzz -j $(JOBS)
	@tests/fuzz/soak.sh build/fuzz $(MINUTES) $(JOBS)
	@CHAPPE_CRASH_POINTS=1000000 CHAPPE_ROCKS_CRASH_POINTS=25000 \
	  $(RELEASE)/src/chappe_store_test --gtest_filter='*Crash*' --gtest_brief=1
	@CHAPPE_FLIPS=500 $(RELEASE)/src/chappe_post_test --gtest_filter='*Flips*' --gtest_brief=1
	@CHAPPE_CRASH_ROUNDS=1000 CHAPPE_FLIPS=100 $(RUN_TESTS) --build $(RELEASE) --kinds crash --timeout 7200

.PHONY: coverage
coverage: deps ## Say how much of each parser the fuzzers' inputs reach
	@cmake -S . -B build/coverage -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
	  -DCMAKE_BUILD_TYPE=Debug -DCHAPPE_COVERAGE=ON > build/coverage.log 2>&1 || { cat build/coverage.log; exit 1; }
	@$(CMAKE_BUILD) build/coverage -j $(JOBS) --target \
	  $$(python3 tests/run.py --build build/coverage --kinds fuzz-seeds --print-targets)
	@python3 tests/fuzz/coverage.py build/coverage

SOURCES = $(shell git ls-files 'src/*.h' 'src/*.cc' 'tests/*.h' 'tests/*.cc')

.PHONY: lint
lint: deps build/dev/build.ninja ## Check the format of all files, and run clang-tidy on those changed since LINT_BASE
	@clang-format-19 --dry-run -Werror $(SOURCES)
	@changed=$$(git diff --name-only --diff-filter=d $(LINT_BASE) -- 'src/*.cc'); \
	[ -z "$$changed" ] || clang-tidy-19 --quiet -p build/dev $$changed

.PHONY: format
format: deps ## Format all files
	@clang-format-19 -i $(SOURCES)

.PHONY: rfc-index
rfc-index: ## Write docs/rfc-index.md anew from the references in the code
	@python3 tests/rfc_index_test.py --write
