// Command demo boots a Debian in qemu for the first time, with a config, and leaves the person at the terminal on its
// console. `make demo-vm` runs it. Like the tests it has its own machine; all of it is gone when the machine is
// switched off.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Usage: demo CONFIG")
		os.Exit(2)
	}
	// A terminal that is closed, or Ctrl-C before the machine starts, leaves nothing behind either.
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	err := run(ctx, os.Args[1])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path string) error {
	config, err := read(ctx, path)
	if err != nil {
		return err
	}
	if config, err = withLogin(config); err != nil {
		return err
	}
	parts, err := machine.Prepare(ctx, machine.FirstBoot("bookworm"), os.Stderr)
	if err != nil {
		return err
	}
	layer, err := os.MkdirTemp("", "demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(layer)
	install := exec.CommandContext(ctx, "make", "-s", "install", "install-network", "DESTDIR="+layer)
	install.Stderr = os.Stderr // what it prints is for images
	if err := install.Run(); err != nil {
		return fmt.Errorf("make install: %w", err)
	}
	initrd, err := parts.Dracut(ctx, layer, []string{"ignition", "ignition-network"}, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "The machine starts; log in as demo, password demo. Ctrl-A X switches it off.")
	return machine.Attach(ctx, machine.Spec{
		Kernel: parts.Kernel, Initrd: initrd, FwCfg: map[string][]byte{"opt/com.coreos/config": config},
		Nets: []machine.Net{{}},
		Args: []string{"root=LABEL=root", "ro", "ignition.firstboot", "ignition.platform.id=qemu", "quiet",
			"systemd.show_status=1"},
		Disks: []machine.Disk{
			{Name: "root", Base: parts.Root}, {Name: "data0", SizeMiB: 1024}, {Name: "data1", SizeMiB: 256},
		},
	})
}

// read gives a config as JSON; YAML is converted first.
func read(ctx context.Context, path string) ([]byte, error) {
	if strings.HasSuffix(path, ".ign") || strings.HasSuffix(path, ".json") {
		return os.ReadFile(path)
	}
	convert := exec.CommandContext(ctx, filepath.Join("bin", "glowplug"), "convert", path)
	convert.Stderr = os.Stderr
	config, err := convert.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// loginUnit is a login on the serial console: the root image has none, for which most tests would only wait. A serial
// line does not know how large the terminal at its other end is, and programs that take it for smaller write over what
// is there.
func loginUnit(rows, columns uint16) string {
	return fmt.Sprintf(`[Unit]
Description=Login on the serial console
After=systemd-user-sessions.service
[Service]
ExecStart=/sbin/agetty --noclear --keep-baud 115200 ttyS0 vt220
Type=idle
Restart=always
StandardInput=tty
TTYPath=/dev/ttyS0
TTYRows=%d
TTYColumns=%d
[Install]
WantedBy=multi-user.target
`, rows, columns)
}

// terminal is the size of this process's terminal, or what a terminal has at least.
func terminal() (rows, columns uint16) {
	size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Row == 0 || size.Col == 0 {
		return 24, 80
	}
	return size.Row, size.Col
}

// passwordHash is that of the password demo.
const passwordHash = "$6$glowplug$Wr.MfjfU9ioVnbNUAHplww2QU8BJdXlj/5TTYFhNem4ZSb1KYiiSKLA59Y2HztqcmdMHNSyINwH/O9XM9REDj."

// withLogin merges a config with a user and a login on the console.
func withLogin(config []byte) ([]byte, error) {
	if !json.Valid(config) {
		return nil, errors.New("the config is not JSON")
	}
	type object = map[string]any
	login, err := json.Marshal(object{
		"ignition": object{"version": "3.4.0"},
		"passwd": object{"users": []object{{"name": "demo", "shell": "/bin/bash", "groups": []string{"sudo"},
			"passwordHash": passwordHash}}},
		"systemd": object{"units": []object{{"name": "demo-login.service", "enabled": true,
			"contents": loginUnit(terminal())}}},
	})
	if err != nil {
		return nil, err
	}
	source := func(text []byte) object {
		return object{"source": "data:;base64," + base64.StdEncoding.EncodeToString(text)}
	}
	return json.Marshal(object{"ignition": object{"version": "3.4.0",
		"config": object{"merge": []object{source(config), source(login)}}}})
}
