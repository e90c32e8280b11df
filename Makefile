# SPDX-License-Identifier: Apache-2.0
# infrabackup: `make help` lists every target.
CC = gcc
BUILD = build
WERROR = 1
# Debian's own: a machine may have another one first in PATH, without the modules the tests need.
PYTHON = /usr/bin/python3

PACKAGES = libmicrohttpd gnutls cjose jansson libcrypto sqlite3 libcurl zlib libzstd krb5-gssapi krb5
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wformat=2 -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wredundant-decls -Wvla -Wwrite-strings -Wundef
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
OPTIMIZE = -O2
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LINK = -pie -Wl,-z,relro,-z,now
# SANITIZE=address,undefined or SANITIZE=thread (with CC=clang): see the asan and tsan targets.
SANITIZE =
ifneq ($(SANITIZE),)
OPTIMIZE = -O1 -fno-omit-frame-pointer
HARDEN = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
HARDEN_LINK = -fsanitize=$(SANITIZE)
endif
COVERAGE =
ifneq ($(COVERAGE),)
OPTIMIZE = -O0
HARDEN = --coverage
HARDEN_LINK = --coverage
endif

# Asked for at the first use, once.
need_packages = $(if $(shell pkg-config --exists $(PACKAGES) && echo yes),,$(error libraries are \
	missing: `sh deploy/install-packages.sh build` installs them))
PACKAGES_CFLAGS = $(need_packages)$(eval PACKAGES_CFLAGS := $$(shell \
	pkg-config --cflags $$(PACKAGES)))$(PACKAGES_CFLAGS)
PACKAGES_LDLIBS = $(eval PACKAGES_LDLIBS := $$(shell pkg-config --libs $$(PACKAGES)))$(PACKAGES_LDLIBS)

CPPFLAGS = -D_GNU_SOURCE -Iinclude $(PACKAGES_CFLAGS)
CFLAGS = -std=gnu11 -g $(OPTIMIZE) $(WARNINGS) $(HARDEN) -pthread -MMD -MP
LDLIBS = $(PACKAGES_LDLIBS) -pthread
TEST_LDLIBS = -lcmocka

SOURCES := $(filter-out src/app/app_main.c,$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/generated/db_migrations_data.o \
	$(BUILD)/generated/alert_catalogue_data.o
TEST_SOURCES := $(wildcard tests/unit/*/test_*.c) $(wildcard tests/fault/test_*.c)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%)
TEST_HELPERS := $(filter-out $(TEST_SOURCES),$(wildcard tests/unit/*/*.c tests/fake/*.c tests/fault/*.c))
TEST_HELPER_OBJECTS := $(TEST_HELPERS:%.c=$(BUILD)/%.o)

.PHONY: all
all: $(BUILD)/infrabackup ## builds build/infrabackup

$(BUILD)/infrabackup: $(BUILD)/src/app/app_main.o $(BUILD)/libinfrabackup.a
	@$(CC) $(CFLAGS) $(HARDEN_LINK) -o $@ $^ $(LDLIBS)

$(BUILD)/libinfrabackup.a: $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(dir $@)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

MIGRATIONS := $(sort $(wildcard migrations/*/*.sql))
$(BUILD)/generated/db_migrations_data.c: migrations/embed.sh $(MIGRATIONS)
	@mkdir -p $(dir $@)
	sh migrations/embed.sh $(MIGRATIONS) > $@.new
	mv $@.new $@
$(BUILD)/generated/db_migrations_data.o: $(BUILD)/generated/db_migrations_data.c
	@$(CC) $(CPPFLAGS) -Isrc/db $(CFLAGS) -c -o $@ $<

$(BUILD)/generated/alert_catalogue_data.c: src/alert/embed.sh src/alert/catalogue.json
	@mkdir -p $(dir $@)
	sh src/alert/embed.sh src/alert/catalogue.json > $@.new
	mv $@.new $@
$(BUILD)/generated/alert_catalogue_data.o: $(BUILD)/generated/alert_catalogue_data.c
	@$(CC) $(CPPFLAGS) -Isrc/alert $(CFLAGS) -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_HELPER_OBJECTS) $(BUILD)/libinfrabackup.a
	@$(CC) $(CFLAGS) $(HARDEN_LINK) -o $@ $< $(TEST_HELPER_OBJECTS) $(BUILD)/libinfrabackup.a \
		$(LDLIBS) $(TEST_LDLIBS)
$(BUILD)/tests/%.o: CPPFLAGS += -Itests

# What scripts start: programs, not tests.
TEST_TOOLS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/tools/*.c))
$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $(BUILD)/libinfrabackup.a
	$(CC) $(CFLAGS) $(HARDEN_LINK) -o $@ $^ $(LDLIBS)
$(BUILD)/tests/tools/fuse_faults.o: CPPFLAGS += $(shell pkg-config --cflags fuse3)
$(BUILD)/tests/tools/fuse_faults: LDLIBS += $(shell pkg-config --libs fuse3)

# What they load into programs.
TEST_PRELOADS := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/preload/*.c))
$(BUILD)/tests/preload/%.so: tests/preload/%.c
	@mkdir -p $(dir $@)
	$(CC) -D_GNU_SOURCE -std=gnu11 -g -O2 $(WARNINGS) -fPIC -shared -o $@ $<

.PHONY: test-programs test-tools
test-programs: $(TEST_PROGRAMS)
test-tools: $(TEST_TOOLS) $(TEST_PRELOADS)

# Every test: the runner builds what it needs and runs what does not depend on each other side by side.
RUN_TESTS = $(PYTHON) tests/run_tests.py --build $(BUILD)

.PHONY: test
test: ## installs what is missing, builds, runs every test
	@sh deploy/install-packages.sh test
	@$(RUN_TESTS)

.PHONY: unit asan tsan valgrind integration
unit: ## runs the unit tests alone
	@$(RUN_TESTS) unit
asan: ## runs the unit tests under clang's address and undefined behaviour sanitizers
	@$(RUN_TESTS) asan
tsan: ## runs the unit tests under clang's thread sanitizer
	@$(RUN_TESTS) tsan
valgrind: ## runs the unit tests under valgrind
	@$(RUN_TESTS) valgrind
integration: ## runs the tests that start the whole program
	@$(RUN_TESTS) reader schema integration

.PHONY: coverage
coverage: ## runs the unit tests with gcov and prints the lines covered (needs gcovr)
	@command -v gcovr >/dev/null || { echo "coverage: gcovr is missing: apt-get install gcovr" >&2; exit 1; }
	@find $(BUILD)-coverage -name '*.gcda' -delete 2>/dev/null || true
	$(PYTHON) tests/run_tests.py --build $(BUILD)-coverage --make COVERAGE=1 unit
	gcovr --root . --filter src/ --object-directory $(BUILD)-coverage --print-summary \
		--html-details $(BUILD)-coverage/coverage.html

# Minutes each: what `make test` samples.
.PHONY: kill-matrix crash-matrix share-matrix share-faults alert-matrix retention-histories simulation memory-limit hostile-requests
KILLS = 50
HISTORIES = 100000
kill-matrix: all ## kills the service at KILLS random moments (50) and before every call that makes something durable
	INFRABACKUP=$(abspath $(BUILD)/infrabackup) KILLS=$(KILLS) KILL_STEP=1 \
		$(PYTHON) tests/integration/test_kill.py
share-matrix: $(BUILD)/tests/fault/test_backup_faults $(BUILD)/tests/fault/test_prune_faults ## breaks the share at every call of a backup and of a prune, in every way
	@for program in $^; do \
		FAULT_STEP=1 CMOCKA_MESSAGE_OUTPUT=stdout $$program 2>$(BUILD)/share-matrix.log || \
		{ tail -n 20 $(BUILD)/share-matrix.log; exit 1; }; done
crash-matrix: $(BUILD)/tests/fault/test_crash ## stops the process after every call of share and database, and drops what was not durable
	CRASH_STEP=1 CMOCKA_MESSAGE_OUTPUT=stdout $<
share-faults: test-tools ## breaks real servers and file systems under an upload, prints what it reports (as root)
	INFRABACKUP=$(abspath $(BUILD)/infrabackup) $(PYTHON) tests/long/share_faults.py
retention-histories: $(BUILD)/tests/unit/retention/test_retention_histories ## checks every promise of retention over HISTORIES random histories (100000)
	RETENTION_HISTORIES=$(HISTORIES) CMOCKA_MESSAGE_OUTPUT=stdout $<
alert-matrix: all test-tools ## breaks real servers and file systems under a service, prints which alert follows (as root)
	INFRABACKUP=$(abspath $(BUILD)/infrabackup) $(PYTHON) tests/long/alert_matrix.py
SEED = $(shell od -An -N3 -tu4 /dev/urandom)
DAYS = 4
simulation: all test-tools ## lives DAYS days (4) of faults drawn from SEED in minutes, and checks all that is left
	INFRABACKUP=$(abspath $(BUILD)/infrabackup) SIMULATION_SEED='$(strip $(SEED))' SIMULATION_DAYS=$(DAYS) \
		$(PYTHON) tests/integration/test_simulation.py
REQUESTS = 200000
CONNECTIONS = 5000
HOSTILE = tests/unit/api/test_hostile_requests tests/unit/api/test_hostile_sockets
hostile-requests: ## sends REQUESTS (200000) hostile requests in process and on CONNECTIONS (5000) sockets under the address sanitizer
	@$(MAKE) --no-print-directory CC=clang SANITIZE=address,undefined BUILD=$(BUILD)-asan \
		$(HOSTILE:%=$(BUILD)-asan/%)
	@seed=$(strip $(SEED)); for program in $(HOSTILE:%=$(BUILD)-asan/%); do \
		ASAN_OPTIONS=quarantine_size_mb=8 CMOCKA_MESSAGE_OUTPUT=stdout HOSTILE_SEED=$$seed \
		HOSTILE_REQUESTS=$(REQUESTS) HOSTILE_CONNECTIONS=$(CONNECTIONS) $$program || exit 1; done
memory-limit: all ## backs 4 GiB in 100,000 files up and measures the peak memory (13 GiB below TMPDIR)
	INFRABACKUP=$(abspath $(BUILD)/infrabackup) $(PYTHON) tests/long/test_memory.py

# As above, for the SMB client.
.PHONY: smb-matrix smb-threads
smb-matrix: $(BUILD)/tests/unit/share/test_share_smb_matrix ## runs the whole share suite against Samba servers that are set up differently
	SMB_MATRIX=whole CMOCKA_MESSAGE_OUTPUT=stdout $<
SECONDS_EACH = 60
smb-threads: ## eight SMB connections from eight threads, SECONDS_EACH (60) under either sanitizer
	SMB_THREADS_SECONDS=$(SECONDS_EACH) $(RUN_TESTS) --only share_smb_threads tsan asan

FUZZ_SECONDS = 60
FUZZ_FLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)-fuzz/%,$(wildcard tests/fuzz/*.c))
.PHONY: fuzz fuzz-programs
fuzz: ## feeds every parser of foreign bytes with mutated input, FUZZ_SECONDS each (60)
	@$(MAKE) CC=clang SANITIZE=fuzzer-no-link,address,undefined BUILD=$(BUILD)-fuzz fuzz-programs \
		FUZZ_PROGRAMS='$(FUZZ_PROGRAMS)'
	sh tests/run_fuzz.sh $(FUZZ_SECONDS) $(BUILD)-fuzz $(FUZZ_PROGRAMS)
fuzz-programs: $(FUZZ_PROGRAMS)
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libinfrabackup.a
	$(CC) $(CFLAGS) $(FUZZ_FLAGS) -o $@ $^ $(LDLIBS)

# Against others on the same machine in the same run. Each tests/bench/bench_*.c is a program.
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
BENCH_ROUNDS = 6
.PHONY: bench
bench: ## measures the SMB client beside Samba's, BENCH_ROUNDS rounds (6)
	@sh deploy/install-packages.sh bench
	@$(MAKE) --no-print-directory $(BENCH_PROGRAMS)
	$(PYTHON) tests/bench/bench_smb.py $(BUILD) --rounds $(BENCH_ROUNDS)
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libinfrabackup.a
	$(CC) $(CFLAGS) $(HARDEN_LINK) -o $@ $^ $(BENCH_LDLIBS) $(LDLIBS)
$(BUILD)/tests/bench/bench_libsmbclient%: CPPFLAGS += $(shell pkg-config --cflags smbclient)
$(BUILD)/tests/bench/bench_libsmbclient: BENCH_LDLIBS = $(shell pkg-config --libs smbclient)

# Seconds, no compiling.
CHECKS = check-checkers check-layers check-lengths check-text check-scripts check-format check-cppcheck \
	check-seen
.PHONY: check-source $(CHECKS)
check-source: $(CHECKS) ## checks direction of includes, format, lengths, banned functions, texts
check-checkers:
	@$(PYTHON) tests/check/test_runner.py
	@sh tests/check/test_checkers.sh
check-layers:
	@$(PYTHON) tests/check/check_layers.py
check-lengths:
	@$(PYTHON) tests/check/check_lengths.py
check-text:
	@$(PYTHON) tests/check/check_text.py
check-scripts:
	@$(PYTHON) tests/check/check_scripts.py
check-format:
	@$(PYTHON) tests/check/check_format.py
check-cppcheck:
	@$(PYTHON) tests/check/check_cppcheck.py $(BUILD)
check-seen:
	@$(PYTHON) tests/check/check_seen.py

# The module for PowerShell. Needs node, and the network for npm.
POWERSHELL_FILES := $(wildcard deploy/powershell/*/*.ps*1 deploy/powershell/*/*/*.ps1 tests/powershell/*.ps1)
.PHONY: check-powershell
check-powershell: ## parses the PowerShell module by the grammar of an npm package, and finds misspelt names in it
	@sh deploy/install-packages.sh contract
	@mkdir -p $(BUILD)/powershell-check
	@cp tests/powershell/package.json $(BUILD)/powershell-check/
	@npm install --prefix $(BUILD)/powershell-check --ignore-scripts --no-audit --no-fund --silent
	@timeout 120 node --liftoff-only tests/powershell/check_syntax.mjs $(abspath $(BUILD)/powershell-check/node_modules) $(POWERSHELL_FILES)

.PHONY: tidy
tidy: ## runs clang-tidy over the sources (minutes)
	@$(PYTHON) tests/check/source_files.py 'src/*.c' | \
		xargs -P "$$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$$@" -- -std=gnu11 $(CPPFLAGS)' sh

.PHONY: demo
demo: ## installs what is missing, builds, backs a few services up, destroys and recovers them
	@sh deploy/install-packages.sh demo
	@$(MAKE) --no-print-directory all
	@sh deploy/run-demo.sh

.PHONY: format
format: ## reformats the sources in place
	@$(PYTHON) tests/check/source_files.py '*.c' '*.h' | xargs clang-format -i

# Needs the network for npm. Azure's documents are not ours to copy: AZURE_SPECS is a folder that has their
# specification/ (Azure's azure-rest-api-specs); without it that part is left out.
AZURE_SPECS = $(abspath ../shared/azure-specs)
.PHONY: contract
contract: ## has Azure's own tools judge the documents in api/, the service and a client made from AZURE_SPECS
	@sh deploy/install-packages.sh contract
	@$(MAKE) --no-print-directory all
	@INFRABACKUP=$(abspath $(BUILD)/infrabackup) AZURE_SPECS=$(AZURE_SPECS) \
		$(PYTHON) tests/contract/run_contract.py $(BUILD)

.PHONY: errors-page api-definitions api-examples
errors-page: $(BUILD)/tests/tools/errors_page ## rewrites api/errors.md from the error table
	@$< > $(BUILD)/errors.md
	@mv $(BUILD)/errors.md api/errors.md
api-definitions: ## rewrites api/definitions.json from schema/
	@$(PYTHON) api/definitions.py --write
api-examples: all ## rewrites the answers in the examples of api/ with those of the service
	@INFRABACKUP=$(abspath $(BUILD)/infrabackup) $(PYTHON) tests/integration/test_api_examples.py --write

.PHONY: clean
clean: ## removes what was built
	rm -rf build build-*

.PHONY: help
help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Nothing that was built is thrown away as an intermediate step.
.SECONDARY:

-include $(OBJECTS:.o=.d) $(BUILD)/src/app/app_main.d $(TEST_PROGRAMS:=.d) \
	$(TEST_HELPER_OBJECTS:.o=.d) $(TEST_TOOLS:=.d) $(FUZZ_PROGRAMS:=.d) \
	$(BENCH_PROGRAMS:=.d)
