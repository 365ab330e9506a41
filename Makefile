# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build the helper            make demo        the main job, watched
# make check      all tests of the host       make check-boot  all virtual machines
# make install    copy files (DESTDIR, PREFIX, BINDIR, SBINDIR, DRACUTDIR, UNITDIR, MANDIR, SYSCONFDIR,
#                 STATEDIR, LIBDIR, TOKENDIR, BASHDIR, ZSHDIR, FISHDIR)
# make static     one program without shared libraries (ARCH=s390x, LIBC=glibc); install-static, check-static
# make check-s390x  the other architecture, by software emulation; make check-all, everything
# make check-images images of every kind by every dracut
# make fuzz       parsers under libFuzzer, SECONDS each (ARCH=s390x: emulated); make valgrind, memcheck
# make bench      measurements, written into docs/performance.md
# make man        fills the program's tables into the manual pages; make html shows them in a browser
# make dist       the source of a release; make deb, make rpm: packages of it; check-packages tries them
#
# V=1 shows commands, SAN=1 builds with address and undefined-behaviour sanitizers, WERROR=1 makes
# warnings errors (CI). CFLAGS and LDFLAGS of the caller come last and win.

VERSION := 0.1

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/cexluks
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
FISHDIR    ?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR    ?= $(PREFIX)/lib/systemd/system
DRACUTDIR  ?= $(PREFIX)/lib/dracut/modules.d
KERNELDIR  ?= $(PREFIX)/lib/kernel/install.d
SYSCONFDIR ?= /etc
STATEDIR   ?= /var/lib
PKG_CONFIG ?= pkg-config
# The only folder that libcryptsetup looks into; it may name it by the /lib that is a link to /usr/lib. Without the sysroot of a
# cross build, which pkg-config puts in front.
TOKENDIR   ?= $(patsubst /lib%,/usr/lib%,$(patsubst $(PKG_CONFIG_SYSROOT_DIR:/=)%,%,$(shell $(PKG_CONFIG) --variable=libdir \
	libcryptsetup)))/cryptsetup

B ?= $(if $(SAN),build-san,build)
Q := $(if $(V),,@)

# --- flags -----------------------------------------------------------------------------------

PKGS := libcryptsetup blkid devmapper libcurl libcjson libkeyutils inih
DEPS_PRESENT := $(shell $(PKG_CONFIG) --exists $(PKGS) && echo yes)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef -Wvla \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wconversion -Wno-sign-conversion \
	$(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -fPIE
comma := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer)

BASE_CFLAGS := -std=gnu17 -D_GNU_SOURCE -DCEXLUKS_VERSION='"$(VERSION)"' -Ihelper -O2 -g $(WARN) \
	$(HARDEN) $(if $(SAN),,-D_FORTIFY_SOURCE=2) $(SANFLAGS)
HELPER_CFLAGS := $(BASE_CFLAGS) $(shell $(PKG_CONFIG) --cflags $(PKGS))
HELPER_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS)) -lmbedcrypto
BASE_LDFLAGS := -pie -Wl,-z,relro,-z,now,--as-needed $(SANFLAGS)

# --- objects ---------------------------------------------------------------------------------

PLUGIN := $(B)/libcryptsetup-token-cexluks.so
PLUGIN_SRC := $(wildcard helper/plugin/*.c)
PLUGIN_OBJ := $(PLUGIN_SRC:%.c=$(B)/shared/%.o)
PLUGIN_BASE := $(patsubst %,$(B)/shared/helper/base/%.o,deadline json json-check log program secret)
HELPER_SRC := $(filter-out $(PLUGIN_SRC),$(wildcard helper/*.c helper/*/*.c))
HELPER_OBJ := $(HELPER_SRC:%.c=$(B)/%.o)
LIB_OBJ := $(filter-out $(B)/helper/main.o,$(HELPER_OBJ))
SIM_SRC := $(wildcard tests/kms-sim/*.c)
SIM_OBJ := $(SIM_SRC:%.c=$(B)/%.o)
UNIT_SRC := $(wildcard tests/unit/*/test-*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(B)/%)
BENCH_BIN := $(B)/tests/bench/fleet $(B)/tests/bench/scan $(B)/tests/bench/peak
FUZZ_SRC := $(wildcard tests/fuzz/fuzz-*.c)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(B)/%)
FUZZ_DRIVER := tests/fuzz/driver.c

all: $(B)/cexluks $(PLUGIN)

ifneq ($(DEPS_PRESENT),yes)
ifeq ($(filter dist deps static install-static check-static install-dracut demo check check-boot check-ansible check-images check-s390x check-all fuzz html clean,$(MAKECMDGOALS)),)
$(error a library is missing: $(shell $(PKG_CONFIG) --print-errors --exists $(PKGS) 2>&1 | head -n 1). Type "make deps")
endif
endif

$(B)/cexluks: $(HELPER_OBJ)
	@echo "  LD      $@"
	$(Q)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HELPER_LIBS) $(LIBS)

# For other people's processes: only what it uses of base/, and no library beside libcryptsetup and cJSON.
$(PLUGIN): $(PLUGIN_OBJ) $(PLUGIN_BASE) helper/plugin/token.map
	@echo "  LD      $@"
	$(Q)$(CC) -shared -Wl,-z,relro,-z,now,-z,defs,--as-needed,--gc-sections,--version-script=helper/plugin/token.map \
		$(SANFLAGS) $(LDFLAGS) -o $@ $(PLUGIN_OBJ) $(PLUGIN_BASE) \
		$(shell $(PKG_CONFIG) --libs libcryptsetup libcjson) $(LIBS)

# Where the plug-in finds the helper is settled here, and nowhere else.
$(B)/shared/helper/%.o: helper/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(HELPER_CFLAGS) -DCEXLUKS_PROGRAM='"$(SBINDIR)/cexluks"' $(CPPFLAGS) -MMD -MP $(CFLAGS) \
		-fPIC -fvisibility=hidden -ffunction-sections -c -o $@ $<

$(B)/helper/%.o: helper/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(HELPER_CFLAGS) $(CPPFLAGS) -MMD -MP $(CFLAGS) -c -o $@ $<

$(B)/tests/unit/%: tests/unit/%.c $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  TEST-LD $@"
	$(Q)$(CC) $(HELPER_CFLAGS) -Itests/unit $(CPPFLAGS) -MMD -MP $(CFLAGS) $(BASE_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(filter $(B)/shared/%,$^) $(LIB_OBJ) $(HELPER_LIBS) -lcmocka

# The plug-in's rooms, of which those who talk to libcryptsetup are left to the integration test.
$(filter $(B)/tests/unit/plugin/%,$(UNIT_BIN)): $(filter-out %/token.o,$(PLUGIN_OBJ))

$(B)/tests/fuzz/fuzz-%: tests/fuzz/fuzz-%.c $(FUZZ_DRIVER) $(wildcard tests/fuzz/*.h) $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  FUZZ-LD $@"
	$(Q)$(CC) $(HELPER_CFLAGS) -Itests/fuzz $(CPPFLAGS) $(CFLAGS) $(BASE_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(FUZZ_DRIVER) $(LIB_OBJ) $(HELPER_LIBS)

$(B)/tests/bench/%: tests/bench/%.c $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  BENCH   $@"
	$(Q)$(CC) $(HELPER_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(BASE_LDFLAGS) $(BENCH_LDFLAGS) $(LDFLAGS) -o $@ $< \
		$(LIB_OBJ) $(HELPER_LIBS)
# The exchange and its retries as they are, above HTTP of the measurement's own.
$(B)/tests/bench/fleet: BENCH_LDFLAGS := -Wl,--wrap=http_try_start,--wrap=http_try_answer,--wrap=http_try_free

$(B)/tests/kms-sim/%.o: tests/kms-sim/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(BASE_CFLAGS) -Wno-conversion -MMD -MP $(CFLAGS) -c -o $@ $<

$(B)/kms-sim: $(SIM_OBJ)
	@echo "  LD      $@"
	$(Q)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ -lmicrohttpd -lgnutls -lcjson -lmbedcrypto -lpthread

# The helper with calls that fail to order; needs SAN=1.
$(B)/tests/faults/cexluks: $(HELPER_OBJ) $(B)/tests/faults/card.o $(wildcard tests/faults/*)
	@echo "  LD      $@"
	$(Q)CC="$(CC)" tests/faults/build.sh $@ $(CC) $(BASE_LDFLAGS) $(LDFLAGS) $(HELPER_OBJ) \
		$(B)/tests/faults/card.o $(HELPER_LIBS) -lcmocka $(LIBS)

# The same card without faults: what needs one can be tried on this machine, with FAULTS_CARD in the environment.
$(B)/tests/faults/with-card: $(HELPER_OBJ) $(B)/tests/faults/card.o
	@echo "  LD      $@"
	$(Q)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HELPER_LIBS) -lcmocka $(LIBS)

# Another time of day, for both processes.
$(B)/tests/faults/with-clock: $(HELPER_OBJ) $(B)/tests/faults/clock.o
	@echo "  LD      $@"
	$(Q)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HELPER_LIBS) $(LIBS)

$(B)/tests/faults/clock.o: tests/faults/clock.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(CPPFLAGS) -MMD -MP $(CFLAGS) -c -o $@ $<

$(B)/tests/faults/card.o: tests/faults/card.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HELPER_CFLAGS) -Itests/unit $(CPPFLAGS) -MMD -MP $(CFLAGS) -c -o $@ $<

-include $(HELPER_OBJ:.o=.d) $(PLUGIN_OBJ:.o=.d) $(PLUGIN_BASE:.o=.d) $(SIM_OBJ:.o=.d) $(UNIT_BIN:=.d) $(B)/tests/faults/card.d

# --- install: copies, nothing else -----------------------------------------------------------

INSTALL := install -p

install: $(B)/cexluks $(PLUGIN) install-dracut
	$(Q)$(INSTALL) -D -m 0755 $(B)/cexluks $(DESTDIR)$(SBINDIR)/cexluks
	$(Q)$(INSTALL) -D -m 0644 $(PLUGIN) $(DESTDIR)$(TOKENDIR)/$(notdir $(PLUGIN))
	$(Q)$(INSTALL) -d $(DESTDIR)$(BINDIR)
	$(Q)ln -sfr $(DESTDIR)$(SBINDIR)/cexluks $(DESTDIR)$(BINDIR)/hpcs-for-luks
	$(Q)$(INSTALL) -d -m 0700 $(DESTDIR)$(STATEDIR)/hpcs-for-luks
	$(Q)for d in $(SYSCONFDIR)/cexluks/keys.d $(STATEDIR)/hpcs-for-luks; do \
		$(INSTALL) -d -m 0755 $(DESTDIR)$$d/logon $(DESTDIR)$$d/user; done
	$(Q)$(INSTALL) -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/cexluks
	$(Q)$(INSTALL) -D -m 0644 docs/cexluks.conf.example \
		$(DESTDIR)$(SYSCONFDIR)/cexluks/cexluks.conf.example
	$(Q)$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(Q)$(INSTALL) -m 0644 units/*.service units/*.path units/*.timer $(DESTDIR)$(UNITDIR)/
	$(Q)$(INSTALL) -d $(DESTDIR)$(KERNELDIR)
	$(Q)$(INSTALL) -m 0755 kernel-install/*.install $(DESTDIR)$(KERNELDIR)/
	$(Q)$(INSTALL) -D -m 0644 dracut/90cexluks/refused.conf \
		$(DESTDIR)$(UNITDIR)/systemd-cryptsetup@.service.d/50-cexluks.conf
	$(Q)for page in docs/man/*.[578]; do \
		$(INSTALL) -D -m 0644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
		for name in $$(sed -nE 's/^\.Nm (cexluks-[a-z-]+)( ,)?$$/\1/p' $$page); do \
			test -e docs/man/$$name.$${page##*.} || \
			ln -sf $${page##*/} $(DESTDIR)$(MANDIR)/man$${page##*.}/$$name.$${page##*.}; done; done
	$(Q)$(INSTALL) -D -m 0644 completion/cexluks.bash $(DESTDIR)$(BASHDIR)/cexluks
	$(Q)$(INSTALL) -D -m 0644 completion/_cexluks $(DESTDIR)$(ZSHDIR)/_cexluks
	$(Q)$(INSTALL) -D -m 0644 completion/cexluks.fish $(DESTDIR)$(FISHDIR)/cexluks.fish
	$(Q)ln -sf cexluks $(DESTDIR)$(BASHDIR)/hpcs-for-luks
	$(Q)ln -sf cexluks.fish $(DESTDIR)$(FISHDIR)/hpcs-for-luks.fish
	$(Q)$(INSTALL) -D -m 0644 README.md $(DESTDIR)$(DOCDIR)/README.md

# Also by itself, as those are used to who come from hpcs-for-luks.
install-dracut:
	$(Q)for m in 75hpcs-for-luks 90cexluks 91cexluks-late; do \
		$(INSTALL) -d $(DESTDIR)$(DRACUTDIR)/$$m && \
		$(INSTALL) -m 0755 dracut/$$m/*.sh $(DESTDIR)$(DRACUTDIR)/$$m/; done
	$(Q)$(INSTALL) -m 0644 dracut/90cexluks/*.conf $(DESTDIR)$(DRACUTDIR)/90cexluks/
	$(Q)for m in $(wildcard $(addprefix $(DESTDIR)$(DRACUTDIR)/,8?hpcs-for-luks 83tss)); do \
		echo "warning: $$m is the Python tool's: remove it, see docs/from-hpcs-for-luks.md" >&2; done

# --- one static file: libraries from Debian's sources, see packaging/static/README.md ---------

MACHINE := $(shell uname -m)
ARCH    ?= $(MACHINE)
LIBC    ?= musl
# A folder that tests can take for a build: B=build/static tests/integration/run
STATIC  := $(B)/$(if $(filter-out $(MACHINE),$(ARCH)),$(ARCH)/)static$(if $(filter-out musl,$(LIBC)),-$(LIBC))

static:
	$(Q)packaging/static/build.sh --arch $(ARCH) --libc $(LIBC) $(STATIC)/cexluks

# Where the dracut module looks; the program in SBINDIR stays what it is.
install-static:
	$(Q)$(INSTALL) -D -m 0755 $(STATIC)/cexluks $(DESTDIR)$(LIBDIR)/cexluks/cexluks-static

check-static:
	$(Q)B=$(B) STATIC=$(STATIC) ARCH=$(ARCH) LIBC=$(LIBC) packaging/static/check.sh $(MAKE)

# --- releases: the version at the top of this file, see packaging/README.md -------------------

dist:
	$(Q)packaging/dist.sh $(VERSION) $(B)

deb rpm:
	$(Q)packaging/$@.sh $(VERSION) $(B)

# --- tests -----------------------------------------------------------------------------------

deps:
	$(Q)tests/deps.sh

lint: $(B)/cexluks
	$(Q)B=$(B) tests/lint/run

# What the tests need built, in one piece, so that "make -j" may be used here.
check-build: $(B)/cexluks $(PLUGIN) $(B)/kms-sim $(B)/tests/faults/with-card $(UNIT_BIN) $(if $(SAN),$(FUZZ_BIN) $(B)/tests/faults/cexluks,$(BENCH_BIN) $(B)/tests/faults/with-clock)

# Unit tests, once as shipped and once with sanitizers; integration on loop-back; one boot; lint.
# Dependencies come first and in their own make, because pkg-config was asked before they were there.
check:
	$(Q)tests/check.sh $(MAKE)

check-boot:
	$(Q)tests/boot/check.sh $(MAKE)

# Images of every kind by every dracut, in Debian 12, 13 and testing.
check-images:
	$(Q)tests/image/check.sh $(MAKE)

# The Ansible role over three hosts that are namespaces of this machine.
check-ansible:
	$(Q)tests/deps.sh ansible
	$(Q)$(MAKE) --no-print-directory $(B)/cexluks $(PLUGIN) $(B)/kms-sim
	$(Q)B=$(B) tests/ansible/run

# Both kinds of packages: built, judged, installed and removed.
check-packages:
	$(Q)tests/deps.sh packages
	$(Q)tests/packaging/run $(if $(TIER),--tier "$(TIER)")

# Every call that can fail fails once, by number; "make check" does so for each place in the program only.
check-faults:
	$(Q)$(MAKE) --no-print-directory SAN=1 build-san/cexluks build-san/kms-sim build-san/tests/faults/cexluks
	$(Q)B=build-san tests/faults/run all

# libFuzzer follows what the code does; SECONDS each (60), ONLY=token,header: these targets. Needs clang. For another
# architecture the same targets run with mutations of their own, emulated.
fuzz:
ifneq ($(ARCH),$(MACHINE))
	$(Q)SECONDS_EACH=$(or $(SECONDS),60) ONLY="$(ONLY)" tests/s390x/check.sh $(MAKE) fuzz
else
	$(Q)$(MAKE) --no-print-directory SAN=1 B=build-fuzz CC=clang FUZZ_DRIVER=tests/fuzz/guided.c \
		CFLAGS='-fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping' \
		LDFLAGS='-fsanitize=fuzzer -fprofile-instr-generate' fuzz-build
	$(Q)SECONDS_EACH=$(or $(SECONDS),60) tests/fuzz/guided.sh $(subst $(comma), ,$(ONLY))
endif

fuzz-build: $(FUZZ_BIN)

# memcheck, for an hour or more; ONLY="unit", "verbs", or names of them.
valgrind: check-build
	$(Q)B=$(B) tests/faults/valgrind.sh $(subst $(comma), ,$(ONLY))

check-s390x:
	$(Q)tests/s390x/check.sh $(MAKE)

# All of the above in order, with one sum. ".ci/run" is the same with representatives only.
check-all:
	$(Q)tests/all.sh all

# Measurements, written into docs/performance.md. ONLY=a,c: some of them; QUICK=1: do they still work?
bench: $(B)/cexluks $(B)/kms-sim $(BENCH_BIN) static
	$(Q)B=$(B) tests/bench/run

# The parts of the manual pages that come from the program's tables; lint tells when it is due.
man: $(B)/cexluks
	$(Q)B=$(B) docs/man/fill.sh --write docs/man/*.[578]

html:
	$(Q)docs/man/html.sh $(B)/html
	@echo "  HTML    $(B)/html/index.html"

demo:
	$(Q)tests/demo.sh $(MAKE)

clean:
	rm -rf build build-san build-fuzz

.PHONY: all install install-dracut static install-static check-static deps lint check-build check check-boot check-ansible check-images check-s390x check-faults check-all fuzz fuzz-build valgrind bench man html demo clean dist deb rpm check-packages
