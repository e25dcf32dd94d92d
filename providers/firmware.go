package providers

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
)

const fwcfg = "/sys/firmware/qemu_fw_cfg"

// qemu reads the config from where QEMU hands over data: firmware, or on architectures without it a disk with a serial.
func qemu(ctx context.Context, m *Machine) (Document, error) {
	if m.Arch == "s390x" || m.Arch == "ppc64le" {
		return qemuDisk(ctx, m)
	}
	if err := m.module(ctx, "qemu_fw_cfg", fwcfg); err != nil {
		return Document{}, err
	}
	text, err := firmwareItem(ctx, m, "opt/com.coreos/config")
	if errors.Is(err, fs.ErrNotExist) {
		return Document{}, ErrNone
	}
	return Document{Text: text}, err
}

// firmwareItem reads an item of fw_cfg; one that is not there is fs.ErrNotExist. The kernel reads it byte by byte from
// the start for every page that is asked for, so large ones take a while.
func firmwareItem(ctx context.Context, m *Machine, name string) ([]byte, error) {
	dir := fwcfg + "/by_name/" + name
	digits, err := m.ReadFile(dir + "/size")
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(digits)))
	if err != nil || size < 0 {
		return nil, fmt.Errorf("%s/size: not a number", dir)
	}
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := m.ReadFile(dir + "/raw")
		done <- read{text, err}
	}()
	for taken, next := time.Duration(0), 10*time.Second; ; next = 5 * time.Second {
		select {
		case r := <-done:
			if errors.Is(r.err, fs.ErrNotExist) {
				return nil, fmt.Errorf("%s/raw: it is missing", dir)
			}
			if r.err == nil && len(r.text) != size {
				r.err = fmt.Errorf("%s/raw: %s, where %d are announced", dir, diag.Count(len(r.text), "byte"), size)
			}
			return r.text, r.err
		case <-time.After(next):
			taken += next
			m.Log.Warn(fmt.Sprintf("reading %s from %s/raw for %v; firmware is slow at it",
				diag.Count(size, "byte"), dir, taken))
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// qemuDisk reads the disk with the serial "ignition", filled up with NULs.
func qemuDisk(ctx context.Context, m *Machine) (Document, error) {
	const disk, limit = "/dev/disk/by-id/virtio-ignition", 5 * time.Minute
	if err := m.module(ctx, "virtio_blk", "/sys/bus/virtio/drivers/virtio_blk"); err != nil {
		return Document{}, err
	}
	m.Log.Warn("configs from a disk with a serial are experimental")
	limited, stop := appearing(ctx, limit)
	defer stop()
	text, err := poll(limited, m, disk, 5*time.Second, func() ([]byte, bool, error) {
		text, err := m.ReadFile(disk)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, false, nil
		}
		return text, true, err
	})
	if errors.Is(err, errNoDevice) {
		m.Log.Warn("taken for no config: " + err.Error())
		return Document{}, ErrNone
	}
	return Document{Text: unpadded(text)}, err
}

// credential is the name of the credential that holds a config.
const credential = "ignition.config"

// credentialMax is systemd's limit for one credential.
const credentialMax = 1 << 20

// systemd reads the config from the credentials that systemd has collected. Only where nobody has, this looks where
// they come from, in systemd's order.
func systemd(ctx context.Context, m *Machine) (Document, error) {
	dirs := []string{m.Getenv("CREDENTIALS_DIRECTORY"), "/run/credentials/@system", "/run/credentials/@initrd",
		"/run/credentials/@encrypted"}
	collected := false
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		text, err := m.ReadFile(path.Join(dir, credential))
		if err == nil {
			if dir == "/run/credentials/@encrypted" {
				return Document{}, errors.New("the credential is encrypted: have a unit load it, which decrypts it")
			}
			return Document{Name: credential, Text: text}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return Document{}, err
		}
		found, err := m.Glob(dir)
		if err != nil {
			return Document{}, err
		}
		collected = collected || len(found) > 0
	}
	if collected {
		return Document{}, ErrNone
	}
	text, err := rawCredential(ctx, m)
	return Document{Name: credential, Text: text}, err
}

// isCredential: one that is too long for systemd is passed over, as it does.
func isCredential(m *Machine, text []byte) bool {
	if len(text) <= credentialMax {
		return true
	}
	m.Log.Warn(fmt.Sprintf("the credential is passed over: it has %d bytes, more than %d", len(text), credentialMax))
	return false
}

// distrusts says why firmware is not to be believed, "" where it is: that of a confidential machine is written by its
// host, and a container sees that of another machine.
func distrusts(m *Machine) string {
	if m.Getenv("container") != "" {
		return "this is a container"
	}
	for _, node := range []string{"/dev/sev-guest", "/dev/tdx_guest"} {
		if found, err := m.Glob(node); err != nil || len(found) > 0 {
			return "the machine is confidential"
		}
	}
	return ""
}

// rawCredential looks for the credential in firmware and on the command line.
func rawCredential(ctx context.Context, m *Machine) ([]byte, error) {
	if why := distrusts(m); why != "" {
		m.Log.Info("credentials in firmware are passed over: " + why)
		return lineCredential(m)
	}
	if err := m.module(ctx, "qemu_fw_cfg", fwcfg); err != nil {
		m.Log.Info(err.Error())
	}
	text, err := firmwareItem(ctx, m, "opt/io.systemd.credentials/"+credential)
	if err == nil && isCredential(m, text) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	for n := 0; ; n++ {
		record, err := m.ReadFile("/sys/firmware/dmi/entries/11-" + strconv.Itoa(n) + "/raw")
		if errors.Is(err, fs.ErrNotExist) {
			return lineCredential(m)
		}
		if err != nil {
			return nil, err
		}
		for _, s := range oemStrings(record) {
			if text, found, err := credentialIn(s, "io.systemd.credential", ":", "="); err != nil || found &&
				isCredential(m, text) {
				return text, err
			}
		}
	}
}

// lineCredential reads the credential off the kernel command line. JSON that stands there as it is keeps its quotes, as
// it is nothing without them.
func lineCredential(m *Machine) ([]byte, error) {
	for _, a := range cmdline.Arguments(m.CommandLine) {
		word := a.Name + "=" + a.Value
		if strings.HasPrefix(a.Written, a.Name+"="+credential+":{") {
			word = a.Written
		}
		if text, found, err := credentialIn(word, "systemd.set_credential", "=", ":"); err != nil || found &&
			isCredential(m, text) {
			return text, err
		}
	}
	return nil, ErrNone
}

// credentialIn takes "<kind><between>NAME<assign>VALUE" apart. The value is base64 where the kind goes on with
// ".binary" or "_binary".
func credentialIn(text, kind, between, assign string) (value []byte, found bool, err error) {
	rest, ok := strings.CutPrefix(text, kind)
	if !ok {
		return nil, false, nil
	}
	if plain, ok := strings.CutPrefix(rest, between+credential+assign); ok {
		return []byte(plain), true, nil
	}
	binary, ok := strings.CutPrefix(rest[min(len(rest), 1):], "binary"+between+credential+assign)
	if !ok {
		return nil, false, nil
	}
	value, err = base64.StdEncoding.DecodeString(binary)
	if err != nil {
		return nil, false, fmt.Errorf("credential %s: %w", credential, err)
	}
	return value, true, nil
}

// oemStrings takes an SMBIOS record of type 11 apart: a header of four bytes, the count, and the strings, each with a
// NUL at its end. Empty ones are skipped; cut off ones give what they have.
func oemStrings(record []byte) (all []string) {
	if len(record) < 5 || record[0] != 11 || int(record[1]) < 5 || int(record[1]) > len(record) {
		return nil
	}
	count, rest := int(record[4]), record[record[1]:]
	for len(all) < count {
		text, after, found := bytes.Cut(rest, []byte{0})
		if !found {
			break
		}
		if rest = after; len(text) > 0 {
			all = append(all, string(text))
		}
	}
	return all
}
