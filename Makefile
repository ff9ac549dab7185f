# Everything happens in .venv; each stamp file stands for one finished install, so a second run starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOKENS ?= 8192
DEPTH ?= 0.5
TRIALS ?= 20

.PHONY: run setup test lint bench eval pictures reliability clean help

help:
	@echo "make run     set up, fetch the default model once, open the app on http://127.0.0.1:7860"
	@echo "make test    set up, run the whole test suite"
	@echo "make setup   only the set-up, into $(VENV)"
	@echo "make lint    style and import order"
	@echo "make bench   speed and memory on this machine"
	@echo "make eval FILLER=book.txt [TOKENS=8192 DEPTH=0.5 TRIALS=20]   pass keys"
	@echo "make pictures  take the pictures in docs/pictures anew, with Chromium"
	@echo "make reliability  half an hour of attacks: kills, hostile files, flipped bits, full disk, crowds, foreign pages"
	@echo "make clean   remove $(VENV)"

run: setup
	$(BIN)/python launch.py

setup: $(VENV)/.setup

# Each process has a thread of its own, for more threads than cores wait for one another. Three suit two cores: a test waits a third of
# its time, for a page, a clock or another process.
test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: setup
	$(BIN)/python launch.py bench $(ARGS)

reliability: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.reliability $(ARGS)

eval: setup
	@test -n "$(FILLER)" || { echo "Name a text to hide the keys in: make eval FILLER=book.txt"; exit 2; }
	$(BIN)/python launch.py eval passkey --tokens $(TOKENS) --depths $(DEPTH) --trials $(TRIALS) --books "$(FILLER)"

pictures: $(VENV)/.test
	$(BIN)/python -m tests.browser.pictures docs/pictures

clean:
	rm -rf $(VENV)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
		{ echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.setup: requirements.txt $(VENV)/.made
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-test.txt requirements-eval.txt requirements-kvpress.txt requirements-mcp.txt $(VENV)/.setup
	$(BIN)/python -m pip install -q -r requirements-test.txt -r requirements-eval.txt -r requirements-mcp.txt
	$(BIN)/python -m pip install -q --no-deps -r requirements-kvpress.txt
	@touch $@
