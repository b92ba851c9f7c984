# Everything a developer runs. On a bare Debian 12 with git and make, `make demo` and `make test` are enough: each
# installs what is missing first. Needs no other build file to be run by hand; CMakePresets.json serves editors too.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= /usr/bin/python3
JOBS ?= $(shell nproc)
VENV := .venv
BIN := $(VENV)/bin
PRESET ?= release

export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# One name for the compiler in build/release and build/wheel, so that ccache compiles a file once for both.
ifeq ($(origin CXX),default)
CXX := c++
endif
export CXX
export CCACHE_BASEDIR := $(CURDIR)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
export CTEST_PARALLEL_LEVEL := $(JOBS)
# The real data set, where the project stands beside it.
ifndef TWIN_DATA
ifneq ($(wildcard ../shared/data),)
export TWIN_DATA := $(abspath ../shared/data)
endif
endif

# What the wheel is made of; folders too, so that it is built again when a file has gone.
WHEEL_SOURCES := CMakeLists.txt pyproject.toml README.md LICENSE $(wildcard cmake/*) $(shell \
  find libtwin bindings scenarios \( -name __pycache__ -o -name '.*' \) -prune -o -print 2>/dev/null)
HEADERS := $(shell find libtwin -name '*.hpp' 2>/dev/null)
SOURCES := $(shell find libtwin -name '*.cpp' 2>/dev/null)
CPP_FILES := $(shell find libtwin bindings tests bench examples -name '*.[ch]pp' 2>/dev/null)
PY_DIRS := $(wildcard bindings tests bench examples docs)

.PHONY: help demo test ctest pytest bench mutation lint tidy format docs setup build wheel asan tsan fma clang clean distclean
.PHONY: apt-run apt-dev

help:  ## list the targets
	@echo 'make demo and make test set up what they need; then:'
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

# ---- set-up: each step is skipped when done ------------------------------------------------------------------------

# $(call apt,list): installs the packages of requirements/<list>.txt that are missing.
define apt
	@if ! command -v apt-get >/dev/null; then \
	  echo "set-up: not a Debian system, so please see that the packages of requirements/$(1).txt are there" >&2; exit 0; \
	fi; \
	wanted=$$(sed 's/#.*//' requirements/$(1).txt | xargs); missing=''; \
	for package in $$wanted; do \
	  [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null || true)" = installed ] || missing+=" $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	sudo=''; \
	if [ "$$(id -u)" -ne 0 ]; then \
	  sudo='sudo'; \
	  command -v sudo >/dev/null || { echo "set-up: please install as root:$$missing" >&2; exit 1; }; \
	fi; \
	echo "set-up: installing Debian packages:$$missing"; \
	mkdir -p build; log=build/$(1).log; \
	{ $$sudo apt-get update -q -o Acquire::Retries=3 || echo 'apt-get update failed, trying with the old lists'; \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	    -o Acquire::Retries=3 $$missing; } </dev/null >$$log 2>&1 || { \
	  tail -n 20 $$log >&2; \
	  echo "set-up: apt-get could not install$$missing (the whole output is in $$log)" >&2; exit 1; }
endef

apt-run:
	$(call apt,apt-run)

apt-dev: apt-run
	$(call apt,apt-dev)

$(BIN)/python: | apt-run
	@echo 'set-up: making $(VENV)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'set-up: $(PYTHON) -m venv failed' >&2; exit 1; }

# $(call pip,list): installs the pinned packages of requirements/<list>.txt.
define pip
	@echo 'set-up: installing the Python packages of requirements/$(1).txt'
	@$(BIN)/python -m pip install -q --no-input -r requirements/$(1).txt || { \
	  echo 'set-up: pip could not install requirements/$(1).txt' >&2; exit 1; }
	@touch $@
endef

$(VENV)/.python-run: requirements/python-run.txt | $(BIN)/python
	$(call pip,python-run)

$(VENV)/.python-dev: requirements/python-dev.txt $(VENV)/.python-run
	$(call pip,python-dev)

$(VENV)/.python-bench: requirements/python-bench.txt $(VENV)/.python-dev
	$(call pip,python-bench)

$(VENV)/.python-mutation: requirements/python-mutation.txt $(VENV)/.python-dev
	$(call pip,python-mutation)

setup: apt-dev $(VENV)/.python-dev  ## install the Debian packages that are missing and .venv

# ---- build ---------------------------------------------------------------------------------------------------------

build: apt-dev cmake-release wheel  ## C++ libraries, tests and benchmarks in build/release, the wheel in .venv

# configure-<preset>: when it is new; Ninja configures again by itself when a CMake file changes.
configure-%: | apt-dev
	@mkdir -p build
	@[ build/$*/build.ninja -nt CMakePresets.json ] || cmake --preset $* >build/configure-$*.log 2>&1 || { \
	  cat build/configure-$*.log >&2; echo 'build: cmake --preset $* failed' >&2; exit 1; }

cmake-%: configure-%
	cmake --build --preset $* --target all all_verify_interface_header_sets

wheel: $(VENV)/.wheel

$(VENV)/.wheel: $(WHEEL_SOURCES) $(VENV)/.python-run | apt-run
	@echo 'build: the wheel (takes some minutes the first time)'
	@rm -rf build/dist && mkdir -p build/dist
	@$(BIN)/python -m pip wheel -q --no-build-isolation --no-deps \
	  --config-settings=cmake.define.TWIN_WERROR=ON -w build/dist . || { \
	  echo 'build: the wheel could not be built' >&2; exit 1; }
	@$(BIN)/python -m pip install -q --no-deps --no-index --force-reinstall build/dist/libtwin-*.whl
	@touch $@

# ---- run -----------------------------------------------------------------------------------------------------------

demo: $(VENV)/.wheel  ## read machine logs, learn the plant, forecast, compare what-ifs: a table and a picture
	$(BIN)/python examples/main_job.py

test: build $(VENV)/.python-dev  ## all tests, C++ and Python
	@status=0; \
	$(MAKE) ctest || status=1; \
	$(MAKE) pytest || status=1; \
	exit $$status

ctest:
	ctest --preset $(PRESET)

pytest:
	$(BIN)/python -m pytest -n $(JOBS)

# make bench ARGS=--quick, or ARGS='--only fab --rounds 3'
bench: build $(VENV)/.python-bench  ## benchmarks beside their rivals; writes build/bench/summary.json
	@mkdir -p build/bench
	$(BIN)/python bench/run.py $(ARGS)

asan: cmake-asan  ## C++ tests under the address and undefined behaviour sanitizers
	@$(MAKE) ctest PRESET=asan

tsan: cmake-tsan  ## C++ tests under the thread sanitizer
	@$(MAKE) ctest PRESET=tsan

fma: cmake-fma  ## C++ tests with fused multiply-add: same bits
	@$(MAKE) ctest PRESET=fma

clang: cmake-clang  ## C++ tests built with clang
	@$(MAKE) ctest PRESET=clang

mutation: apt-dev $(VENV)/.python-mutation  ## small faults put into the rules: how many do the tests notice
	$(BIN)/python tests/mutation/mutate.py

# ---- look ----------------------------------------------------------------------------------------------------------

lint: setup configure-release  ## clang-format, clang-tidy, ruff and mypy, all clean
	@status=0; \
	run() { echo "lint: $$1"; shift; "$$@" || status=1; }; \
	run clang-format clang-format --dry-run --Werror $(CPP_FILES); \
	run 'ruff check' $(BIN)/ruff check -q $(PY_DIRS); \
	run 'ruff format' $(BIN)/ruff format -q --diff $(PY_DIRS); \
	run mypy $(BIN)/mypy; \
	run includes $(BIN)/python .ci/check_includes.py; \
	run clang-tidy $(MAKE) -k -j$(JOBS) tidy; \
	[ $$status -eq 0 ] && echo 'lint: clean' || echo 'lint: see above' >&2; \
	exit $$status

# A file is looked at again when it, a header or the list of checks changed.
TIDY := $(SOURCES:%=build/tidy/%.ok)
tidy: $(TIDY)
$(TIDY): build/tidy/%.ok: % $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy -p build/release --quiet --extra-arg=-Wno-unknown-warning-option $(TIDY_CHECKS:%=--checks=%) $< \
	  >$@.log 2>&1 || { grep -v 'warnings.* generated' $@.log; exit 1; }
	@touch $@

format: setup  ## rewrite C++ and Python in the project's format
	clang-format -i $(CPP_FILES)
	$(BIN)/ruff check -q --fix $(PY_DIRS)
	$(BIN)/ruff format -q $(PY_DIRS)

docs: setup $(VENV)/.wheel  ## build/docs/html/index.html
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/docs/doctrees docs build/docs/html
	@echo 'docs: build/docs/html/index.html'

clean:  ## remove build/
	rm -rf build

distclean: clean  ## remove .venv too
	rm -rf $(VENV)
