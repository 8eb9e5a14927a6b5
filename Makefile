# One word per job; `make help` lists them. CMake does the building (CMakePresets.json).
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BUILD ?= build/release
PREFIX ?= /usr/local
PROGRAM := $(BUILD)/evenkeel
JOBS ?= $(shell nproc)
SECONDS ?= 60

INTERCHANGE ?= build/interchange

.PHONY: help demo demo-python wheel test test-python-full test-sanitized test-threads fuzz faults build format lint lint-changed bench guard guard-update doctor-table doctor-families interchange-table reference docs install clean packages-build packages-test packages-fuzz packages-bench packages-lint packages-docs packages-python

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## install what is missing, build, run the five studies in their quick form
	@tools/demo $(PROGRAM)

demo-python: wheel ## a virtual environment with the wheel, and a first report
	@tools/demo-python

wheel: build packages-python ## build the Python wheel, with all that it needs inside (build/wheel)
	@tools/wheel

test: packages-build packages-test packages-python ## install what tests need, build everything, run all tests
	@tools/test $(JOBS)

test-python-full: packages-build packages-python ## the tests of python/ with PyTorch and Keras, which it installs
	@tools/python-venv || { cat build/python-venv.log; exit 1; }
	cmake --preset release -DEVENKEEL_BUILD_PYTHON=ON -DPython_EXECUTABLE=$$PWD/build/python-venv/bin/python >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	tools/progress python $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target python_module
	tools/test-python full

test-sanitized: packages-build packages-test packages-fuzz ## the fast tests under address and undefined-behaviour sanitizers
	@tools/test-sanitized $(JOBS)

test-threads: packages-build packages-test ## what works in several threads under ThreadSanitizer
	@tools/test-threads $(JOBS)

fuzz: packages-build packages-fuzz ## fuzz every reader of files: make fuzz SECONDS=60 (of each)
	@tools/fuzz $(JOBS) $(SECONDS) $(FLOORS)

build: packages-build ## build the program (build/release/evenkeel)
	@echo "[build] configuring $(BUILD)"
	cmake --preset release >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	tools/progress build $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target evenkeel_app
	echo "[build] $(PROGRAM)"

format: packages-lint ## format all C++ files
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

lint: packages-build packages-lint ## check formatting and run clang-tidy over the whole tree
	@tools/lint $(JOBS)

lint-changed: packages-build packages-lint ## the same on what was changed since origin/main, or EVENKEEL_LINT_BASE
	@tools/lint $(JOBS) changed

bench: packages-build packages-bench ## time training steps beside PyTorch and TensorFlow (bench/compare/README.md)
	@cmake --preset release -DEVENKEEL_BUILD_BENCH=ON >/dev/null
	tools/progress bench $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target step_time scaling
	python3 bench/compare/compare.py

guard: packages-build packages-test ## hold passes over memory and instructions to bench/baseline.json, without a clock
	@cmake --preset release -DEVENKEEL_BUILD_TESTS=ON >/dev/null
	tools/progress guard $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target test_guard
	$(BUILD)/tests/test_guard

faults: packages-build packages-test ## a run is killed, and each error returned, at every call that writes (tests/faults)
	@cmake --preset release -DEVENKEEL_BUILD_TESTS=ON >/dev/null
	tools/progress faults $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target test_faults test_study_faults test_app
	for tests in faults study_faults; do EVENKEEL_ALL_FAULTS=1 $(BUILD)/tests/test_$$tests --gtest_brief=1; done
	EVENKEEL_ALL_FAULTS=1 $(BUILD)/tests/test_app --gtest_filter='Processes.GoOn*' --gtest_brief=1

doctor-table: packages-build packages-bench ## what the doctor says of networks with planted defects, and of healthy ones
	@cmake --preset release -DEVENKEEL_BUILD_BENCH=ON >/dev/null
	tools/progress doctor-table $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target doctor_table
	$(BUILD)/bench/doctor_table

doctor-families: packages-build packages-bench ## whether the doctor names a layer with wrong statistics in every family of known networks
	@cmake --preset release -DEVENKEEL_BUILD_BENCH=ON >/dev/null
	tools/progress doctor-families $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target doctor_families
	$(BUILD)/bench/doctor_families

interchange-table: packages-build packages-bench ## what we make of PyTorch's and Keras's families, beside them (tools/interchange)
	@cmake --preset release -DEVENKEEL_BUILD_BENCH=ON >/dev/null
	tools/progress interchange-table $(BUILD).log cmake --build $(BUILD) -j $(JOBS) --target interchange_figures
	python3 tools/interchange/make_networks.py large $(INTERCHANGE)
	python3 tools/interchange/table.py $(INTERCHANGE) --program $(BUILD)/bench/interchange_figures

guard-update: ## write what is measured now into bench/baseline.json
	@EVENKEEL_UPDATE_BASELINE=1 $(MAKE) guard

reference: build ## write docs/reference/ anew from the program's own descriptions
	@for page in commands layers training; do $(PROGRAM) reference $$page --out docs/reference/$$page.md; done
	tools/python-reference $(BUILD) $(JOBS)

docs: packages-build packages-docs ## build the documentation as a site that can be searched (build/docs/index.html)
	@tools/docs/build $(BUILD) $(JOBS)

install: build ## install library, headers and program below PREFIX
	@tools/progress install $(BUILD).log cmake --build $(BUILD) -j $(JOBS)
	cmake --install $(BUILD) --prefix $(PREFIX) >/dev/null
	echo "[install] $(PREFIX)"

clean: ## remove everything that was built
	@rm -rf build

packages-build packages-test packages-fuzz packages-bench packages-lint packages-docs packages-python: packages-%:
	@mkdir -p build
	tools/install-packages $*
