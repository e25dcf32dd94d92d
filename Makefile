# glowplug. `make` builds; README.md and CONTRIBUTING.md say what each target is for.

GO       ?= go
FUZZTIME ?= 20s
DESTDIR  ?=
PREFIX   ?= /usr
BIN      ?= bin

# Tables, readers of a few bytes, what looks at disks and plans them, advice and reports, and other things of which a
# boot or a check has few: copies of small functions in them would take 200 KB of every initramfs and 100 KB of the
# validator, so they are compiled without inlining.
ONCE = config providers internal/accounts internal/advice internal/block internal/bootreport internal/butane \
       internal/check internal/cli internal/codes internal/console internal/cursor internal/device internal/diag \
       internal/directives internal/engine internal/field internal/form internal/handoff internal/language \
       internal/lint internal/load internal/process internal/project internal/push internal/releases internal/results \
       internal/rules internal/scene internal/source stages/disks/... stages/leave stages/mounts stages/units \
       stages/users
# Of Go's own packages, those that write messages or look into short texts: 100 KB of the validator.
ONCE_OF_GO = fmt reflect strings time regexp/... net/url path/... encoding/hex encoding/pem

# What ships is built without cgo and without paths of this machine, so everything else is too: tests run the code that
# ships, and what a cold cache lacks is compiled once and not once for each way of compiling.
export CGO_ENABLED = 0
override GOFLAGS := $(strip $(GOFLAGS) -trimpath $(ONCE:%=-gcflags=github.com/glowplug-os/glowplug/%=-l) \
                      $(ONCE_OF_GO:%=-gcflags=%=-l))
export GOFLAGS

# The version comes from the build info, which has it only where git can read this folder as a checkout of its own.
# -buildvcs is always said because the environment may say something else.
VCS := $(shell top=$$(git rev-parse --show-toplevel 2>/dev/null) && git rev-parse -q --verify HEAD >/dev/null 2>&1 && \
         [ "$$(cd "$$top" && pwd -P)" = "$$(pwd -P)" ] && echo true || echo false)
BUILD = $(GO) build -buildvcs=$(VCS) -ldflags '-s -w -buildid='

# The programs, and the names under which other tools call them.
PROGRAMS          = ignition glowplug glowplug-validate
ENGINE_NAMES      = ignition-apply ignition-rmcfg ignition-generator
WORKSTATION_NAMES = butane
VALIDATOR_NAMES   = ignition-validate

.PHONY: build test vet test-linear test-disk test-faults test-applies test-vm test-vm-steady test-guest test-replays \
	test-arch test-guest-steady test-boots test-boots-steady bench fuzz demo demo-vm format lint cross install \
	install-dracut-conf install-network install-firstboot-complete install-kargs-entries \
	install-grub-for-bootupd install-facts install-verify install-report install-completions \
	install-docs release clean

build:
	@mkdir -p $(BIN)
	$(BUILD) -o $(BIN)/ $(PROGRAMS:%=./cmd/%)
	@for name in $(ENGINE_NAMES); do ln -sf ignition $(BIN)/$$name; done
	@for name in $(WORKSTATION_NAMES); do ln -sf glowplug $(BIN)/$$name; done
	@for name in $(VALIDATOR_NAMES); do ln -sf glowplug-validate $(BIN)/$$name; done

# Any user, no network but loopback. Tests are linked without what debuggers read, which takes half of the linking; more
# of them run at once than there are processors, because some only wait.
test:
	$(GO) test -vet=off -parallel 8 -ldflags '-s -w' ./...

# Vet also type-checks the tests that need root or a machine.
vet:
	$(GO) vet -tags disk,linear,vm,vmhost ./...

# Work and memory against the size of what is read: the programs are built anew, with a counter for each block, and run
# on shapes of several sizes. Nothing but time keeps it apart from test.
test-linear:
	$(GO) test -vet=off -timeout 30m -tags linear ./tests/linear/

# The folders with tests of the tag disk.
DISK_TESTS = ./stages/disks/ ./tests/disk/ ./tests/accounts/ ./tests/selinux/ ./tests/gpt/ ./tests/net/ ./tests/fetch/ \
             ./tests/readers/ ./tests/browser/ ./tests/editors/ ./tests/systemd/ ./tests/applies/ ./tests/release/

# Root: real directory trees, loop devices, mounts. Each prepare installs what is missing and prints the root that it
# made; one package at a time, because two cannot install at once.
test-disk: build
	root=$$(tests/disk/prepare) && GLOWPLUG_DISK_ROOT=$$root \
		$(GO) test -vet=off -count=1 -p 1 -timeout 40m -tags disk $(DISK_TESTS)

# Debians in qemu, without KVM: what this host's kernel may not have, and first boots. Makes the machines' parts on
# first use, as root. Both halves side by side: a machine has one emulated processor, and waits until one of this host's
# has no machine. Each has limits of its own, which count what it does and not the time of day, so go test has none.
# What they leave is in ARTIFACTS.
ARTIFACTS ?= $(CURDIR)/artifacts
VM_TEST = rm -rf '$(ARTIFACTS)/$(1)' && mkdir -p '$(ARTIFACTS)/$(1)' && \
          $(GO) test -vet=off -count=1 -v -timeout 0 -artifacts -outputdir '$(ARTIFACTS)/$(1)' -tags vmhost

# All that tests/applies generates and that this host can boot; test-disk takes a third of it. -v tells of errors that
# apply.
test-applies:
	root=$$(tests/disk/prepare) && GLOWPLUG_APPLIES=all \
		$(GO) test -vet=off -count=1 -v -timeout 60m -tags disk -run 'Applies|Apply' ./tests/applies/

# Boots that are killed at each of their calls, calls that fail, tools that misbehave: all of them, or a SHARE;
# test-disk takes a sample. Writes the tables of docs/reliability.md.
SHARE ?= 1

test-faults: build
	root=$$(tests/disk/prepare) && GLOWPLUG_DISK_ROOT=$$root GLOWPLUG_FAULTS=$(SHARE) \
		$(GO) test -vet=off -count=1 -timeout 3h -tags disk -run 'TestABootO(fARoot|nDisks)' ./tests/disk/ -update

test-vm: build
	$(GO) vet -tags vm,vmhost ./tests/vm/...
	$(MAKE) -j 2 test-guest test-boots

# Tests that run inside a machine. RUN picks among them, as -run does: make test-guest RUN=TestDisks. SHORT=1 has long
# ones do less.
test-guest: build
	$(call VM_TEST,guest) $(if $(SHORT),-short) $(if $(RUN),-run TestInsideAMachine) ./tests/vm/ -args -guest '$(RUN)'

# What power cuts leave of the writes of a boot, CUTS times. A minute or two each.
CUTS ?= 100

test-replays: build
	GLOWPLUG_CUTS=$(CUTS) && export GLOWPLUG_CUTS && $(call VM_TEST,replays) -run TestPowerCutsAmongWrites ./tests/vm/

# First boots of real Debians, two at a time, each asked afterwards what came of its config. BOOTS picks among them, as
# -run does.
test-boots: build
	$(call VM_TEST,boots) -parallel 2 ./tests/vm/boot/ -run '$(BOOTS)'

# Those that any change has to pass: of the tests inside some; a first boot and a second, and two that have to fail.
STEADY_TESTS = TestMirror|TestUdev|TestPartitions|TestAVolumeWithAKey|TestAMember|TestABootOnFourDisks
STEADY_BOOTS = TestAFirstBootAndASecond|TestFailures/(an_invalid_config|a_device_that_does_not_come)

test-guest-steady:
	$(MAKE) test-guest SHORT=1 RUN='$(STEADY_TESTS)'

test-boots-steady:
	$(MAKE) test-boots BOOTS='$(STEADY_BOOTS)'

test-vm-steady: test-guest-steady test-boots-steady

bench: build
	$(GO) run ./tests/bench

# Every fuzz target of every package, FUZZTIME each, as many at once as there are processors. FUZZWITHIN=2m runs those
# that take so long, and others on other days; FUZZ picks among them: make fuzz FUZZ='internal/block FuzzGPT'.
FUZZWITHIN ?= 0
FUZZ       ?=

fuzz:
	$(GO) run ./tests/fuzz/run -time $(FUZZTIME) -within $(FUZZWITHIN) -run '$(FUZZ)'

# The manual's pages, and the option tables of docs/: both of the programs' own table of commands.
man:
	$(GO) test -vet=off ./cmd/glowplug -run Documented -update

# The parts of docs/ that are made from tables, and pictures of what programs write. Tests hold them together.
docs: man
	$(GO) test -vet=off ./internal/butane -run Documented -update
	$(GO) test -vet=off ./internal/codes -run Documented -update
	$(GO) test -vet=off ./stages -run Documented -update
	$(GO) test -vet=off ./tests -run Documented -update

demo: build
	@examples/demo

# A Debian in qemu, provisioned by CONFIG on its first boot, and its console to log in on. The first time as root.
CONFIG ?= examples/web.ign

demo-vm: build
	$(GO) run ./tests/vm/demo $(CONFIG)

# What gofmt would change.
format:
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
		if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi

# The linters have a module of their own in tools/. The packages of programs have nothing that none of them reaches, but
# what other Go programs may call.
lint: format vet
	$(GO) tool -modfile=tools/go.mod staticcheck -tags disk,linear,vm,vmhost ./...
	! $(GO) tool -modfile=tools/go.mod deadcode ./cmd/... | grep -vE '^(config|validate)/'
	$(MAKE) cross

# The workstation's program for other systems, and its tests as far as the compiler goes. What needs Linux says so when
# it is called. Minutes where caches are cold.
SYSTEMS = darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

cross: $(SYSTEMS:%=cross/%)

OF_OURS = {{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}

cross/%: export GOOS = $(word 1,$(subst /, ,$*))
cross/%: export GOARCH = $(word 2,$(subst /, ,$*))
cross/%:
	$(GO) build -o /dev/null ./cmd/glowplug
	$(GO) vet $$($(GO) list -deps -f '$(OF_OURS)' ./cmd/glowplug)

# Programs for each architecture, and unit tests on two others, one of them big-endian, in qemu's emulation of a
# process. Of Linux it has not all: the tests are those of packages that read, judge and decide. By hand, and as root,
# who installs qemu; half an hour.
ARCH_TESTS = ./config ./validate ./stages/disks/... $(addprefix ./internal/,accounts advice block butane cmdline codes \
             contrast cursor diag directives document drift facts feasible field form handoff history initramfs \
             language lint load order plan releases report results rules scene source tree unit)

test-arch:
	tests/install qemu-s390x:qemu-user qemu-aarch64:qemu-user
	set -e; for arch in $(ARCHES); do GOARCH=$$arch $(GO) build -o /dev/null ./cmd/...; done
	GOARCH=s390x $(GO) test -vet=off -short -ldflags '-s -w' -exec qemu-s390x $(ARCH_TESTS)
	GOARCH=arm64 $(GO) test -vet=off -short -ldflags '-s -w' -exec qemu-aarch64 $(ARCH_TESTS)

# What is released, in DIST (docs/release.md): the programs for all systems are built and installed into folders, and
# tools/release makes archives, packages, sums and an SBOM of these. From a clean clone; the same commit gives the same
# bytes. ARCHES and SYSTEMS may be given, for fewer.
DIST   ?= dist
ARCHES  = amd64 arm64 ppc64le s390x riscv64 loong64
STAGE   = $(abspath $(DIST))/stage
# The parts that an image may take, and the folder of the package that brings them.
ENGINE_CHOICES      = dracut-conf network firstboot-complete kargs-entries grub-for-bootupd
WORKSTATION_CHOICES = facts verify report

release:
	rm -rf '$(DIST)'
	GOOS= GOARCH= $(BUILD) -o '$(DIST)/bin/here/' ./cmd/glowplug
	$(MAKE) --no-print-directory $(ARCHES:%=stage/linux/%) $(SYSTEMS:%=stage/%)
	$(GO) run -C tools ./release -stage '$(STAGE)' -to '$(abspath $(DIST))' -checkout '$(CURDIR)'
	rm -rf '$(STAGE)' '$(DIST)/bin'

stage/linux/%:
	GOOS=linux GOARCH=$* $(MAKE) -s install install-completions install-docs BIN='$(abspath $(DIST))/bin/$*' \
		DESTDIR='$(STAGE)/linux-$*' COMPLETER='$(abspath $(DIST))/bin/here/glowplug' >/dev/null
	@set -e; share='$(STAGE)/linux-$*/usr/share'; \
		for x in $(ENGINE_CHOICES); do $(MAKE) -s install-$$x DESTDIR="$$share/ignition-glowplug/$$x"; done; \
		for x in $(WORKSTATION_CHOICES); do $(MAKE) -s install-$$x DESTDIR="$$share/glowplug/$$x"; done

stage/%:
	$(MAKE) -s install-docs DOC='$(STAGE)/$(subst /,-,$*)'
	GOOS=$(word 1,$(subst /, ,$*)) GOARCH=$(word 2,$(subst /, ,$*)) \
		$(BUILD) -o '$(STAGE)/$(subst /,-,$*)/' ./cmd/glowplug

# The engine is in the dracut module, where images look for it; its names in libexec lead there. What a workstation
# calls is a program of its own.
MODULE = $(DESTDIR)$(PREFIX)/lib/dracut/modules.d/30ignition
ENGINE = ../lib/dracut/modules.d/30ignition/ignition

install: build
	install -d $(MODULE) $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 0644 dracut/30ignition/* $(MODULE)/
	chmod 0755 $(MODULE)/*.sh
	install -m 0755 $(BIN)/ignition $(MODULE)/
	install -m 0755 $(BIN)/glowplug $(BIN)/glowplug-validate $(DESTDIR)$(PREFIX)/bin/
	ln -sf glowplug-validate $(DESTDIR)$(PREFIX)/bin/ignition-validate
	ln -sf glowplug $(DESTDIR)$(PREFIX)/bin/butane
	ln -sf $(ENGINE) $(DESTDIR)$(PREFIX)/libexec/ignition-apply
	ln -sf $(ENGINE) $(DESTDIR)$(PREFIX)/libexec/ignition-rmcfg
	install -m 0644 dracut/systemd/ignition-delete-config.service $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 0644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	@printf '%s\n' "$$LEFT_TO_DO"

# What it leaves to the image. An initramfs without the module boots as if there were nothing to do.
define LEFT_TO_DO

Installed. For a first boot an image also needs
  - the kernel arguments ignition.firstboot, in one boot only
    (`make install-firstboot-complete`), and ignition.platform.id=ID
  - the network, where configs come from there (`make install-network`)
  - tools for what configs ask for: mkfs.ext4, mdadm, cryptsetup, ...
docs/operations.md says more. Then the initramfs is made, with the dracut module in it. It is not by itself:
dracut.conf.d has to have this line (`make install-dracut-conf` puts it there):
  add_dracutmodules+=" ignition "
endef
export LEFT_TO_DO

# The completion of glowplug and of its other names. COMPLETER is a program that runs on this machine, where BIN is for
# another.
COMPLETER ?= $(BIN)/glowplug

install-completions:
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(COMPLETER) completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/glowplug
	$(COMPLETER) completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_glowplug
	$(COMPLETER) completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/glowplug.fish

# README, docs and examples.
DOC ?= $(DESTDIR)$(PREFIX)/share/doc/glowplug

install-docs:
	install -d $(DOC)/docs
	install -m 0644 LICENSE README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md $(DOC)/
	install -m 0644 docs/*.md $(DOC)/docs/
	cp -R docs/pictures $(DOC)/docs/
	cp -R examples $(DOC)/

# For images that want the module in every initramfs. No part of install: modules of distributions ask for it
# themselves.
install-dracut-conf:
	install -d $(DESTDIR)$(PREFIX)/lib/dracut/dracut.conf.d
	install -m 0644 dracut/dracut.conf.d/30-ignition.conf $(DESTDIR)$(PREFIX)/lib/dracut/dracut.conf.d/

# For images without anything that brings the network up when a stage has asked for it.
install-network:
	install -d $(DESTDIR)$(PREFIX)/lib/dracut/modules.d/35ignition-network
	install -m 0644 dracut/35ignition-network/* $(DESTDIR)$(PREFIX)/lib/dracut/modules.d/35ignition-network/
	chmod 0755 $(DESTDIR)$(PREFIX)/lib/dracut/modules.d/35ignition-network/*.sh

# For images whose first boot is marked in the boot loader, and that clear the mark in no other way.
install-firstboot-complete:
	install -d $(DESTDIR)$(PREFIX)/libexec $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 0755 dracut/firstboot/ignition-firstboot-complete.sh \
		$(DESTDIR)$(PREFIX)/libexec/ignition-firstboot-complete
	install -m 0644 dracut/firstboot/ignition-firstboot-complete.service $(DESTDIR)$(PREFIX)/lib/systemd/system/

# For images whose machines send the report of their first boot (docs/reports.md); the unit is to be enabled.
install-report:
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 0644 dracut/report/glowplug-report.service $(DESTDIR)$(PREFIX)/lib/systemd/system/

# For images that send facts of each machine to a server (docs/facts.md); the unit is to be enabled.
install-facts:
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 0644 dracut/facts/glowplug-facts.service $(DESTDIR)$(PREFIX)/lib/systemd/system/

# For images whose machines record their first boot, and are compared with it (docs/verify.md); the units are to be
# enabled.
install-verify:
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 0644 dracut/verify/* $(DESTDIR)$(PREFIX)/lib/systemd/system/

# For images whose boot entries are files: puts the helper where the dracut module takes it from. Run it after install.
install-kargs-entries:
	install -d $(MODULE)
	install -m 0755 dracut/kargs/ignition-kargs-entries.sh $(MODULE)/ignition-kargs-helper.sh

# For images whose GRUB configuration is put together by bootupd.
install-grub-for-bootupd:
	install -d $(DESTDIR)$(PREFIX)/lib/bootupd/grub2-static/configs.d
	install -m 0644 dracut/grub/05_ignition.cfg $(DESTDIR)$(PREFIX)/lib/bootupd/grub2-static/configs.d/

clean:
	rm -rf artifacts bin demo dist
