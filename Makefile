# Thin verbs over Swift's own commands; `make` lists them.

OUTPUT ?= notebooks-export
CONFIGURATION ?= release
# An import that Package.swift does not declare is an error.
DECLARED := --explicit-target-dependency-import-check error
SOURCES := $(wildcard Package.swift Sources Tests Benchmarks)

.PHONY: help setup plots build figures test proofs lint format benchmark docs clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages the build needs, if any is missing
	@Scripts/setup

plots: ## Also install the optional renderer that figures draws plots with
	@Scripts/setup plots

build: setup ## Build the palimpsest command
	swift build -c release $(DECLARED)

figures: plots build ## Export every exhibit into OUTPUT (notebooks-export)
	PATH="$(CURDIR)/.build-venv/bin:$$PATH" .build/release/palimpsest figures --output "$(OUTPUT)"

# `swift test` compiles with -enable-testing: in the folder of `swift build -c release`, each would rebuild the other.
test: setup ## Run the tests (CONFIGURATION=debug for a debug build, TESTS="--filter Theorem" for some)
	swift test -c $(CONFIGURATION) $(DECLARED) --scratch-path .build-test --parallel --disable-xctest $(TESTS)

proofs: ## Check the machine-checked proofs, installing Coq and mathcomp if missing
	proofs/check

# Texts in quotes, formulas and tables of comments, and generated tables may be longer.
lint: ## Check the format of the Swift sources
	swift format lint --strict --parallel --recursive $(SOURCES)
	@find $(SOURCES) -name '*.swift' ! -name 'ReferenceValues*' ! -name 'PaperCurves+Readings*' -exec perl -CSD -ne \
	  'if (length > 121 && !/"/ && !m{^ */// (    |\|)}) { print "$$ARGV:$$.: over 120 columns\n"; $$bad = 1 } \
	  close ARGV if eof; END { exit $$bad }' {} +

format: ## Format the Swift sources
	swift format --in-place --parallel --recursive $(SOURCES)

benchmark: setup ## Run the benchmarks beside NumPy and, where there is one, PyTorch
	Benchmarks/run
	@if python3 -c 'import torch' 2>/dev/null; then Benchmarks/run-engine; \
	else echo "no PyTorch here: Benchmarks/run-engine needs it"; fi

# The toolchain's own docc does without a plugin, which would be one more dependency of every build. The symbols of
# what was not recompiled stay.
docs: setup ## Write the documentation of all modules into .build-docs/html
	@mkdir -p .build-docs/symbols
	swift build --scratch-path .build-docs \
	  -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$(CURDIR)/.build-docs/symbols"
	docc convert docs/Palimpsest.docc --additional-symbol-graph-dir .build-docs/symbols --output-path .build-docs/html \
	  --fallback-display-name Palimpsest --fallback-bundle-identifier palimpsest --transform-for-static-hosting

clean: ## Remove everything that was built
	rm -rf .build .build-test .build-docs .build-proofs .build-venv
