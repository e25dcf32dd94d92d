package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Volumes whose key a Crypto Express adapter of an IBM Z wraps: the key on disk is worth nothing without the adapter.
// Files are those of docs/peer/engine.md §9.3.
const (
	cexKey        = "/etc/luks/cex.key"
	cexRepository = "/etc/zkey/repository"
	cexAdapters   = "/sys/bus/ap/devices"
)

// A secureKey is what zkey knows the key of a volume by.
type secureKey struct{ root, volume string }

func (m *making) secure(w *kind.Work) secureKey { return secureKey{w.Devices.Root, m.config.Name} }

func (k secureKey) file(name string) string { return filepath.Join("/", k.root, name) }

// name is in crypttab and in zkey's repository, for others to know.
func (k secureKey) name() string { return "ignition-luks-" + k.volume }

func (k secureKey) repositoryFile(extension string) string {
	return filepath.Join(k.file(cexRepository), k.name()+extension)
}

// readCexKey reads the passphrase that the image brings along.
func (m *making) readCexKey(w *kind.Work) (diag.Secret, error) {
	m.keyFile = m.secure(w).file(cexKey)
	text, err := os.ReadFile(m.keyFile)
	return diag.Secret(text), err
}

// secureKey has zkey make the key. One that an earlier run of this boot has made serves as well.
func (m telling) secureKey() *kind.Action {
	a := m.as("luks-secure-key", plan.Create, "secure key of", secureKey{volume: m.config.Name}.name())
	a.Look = func(_ context.Context, w *kind.Work) (plan.State, error) {
		for _, extension := range []string{".skey", ".info"} {
			if _, err := os.Lstat(m.secure(w).repositoryFile(extension)); err != nil {
				return plan.Pending, nil
			}
		}
		return plan.Done, nil
	}
	a.Act = func(ctx context.Context, w *kind.Work) error { return m.secure(w).generate(ctx, w) }
	return a
}

func (k secureKey) generate(ctx context.Context, w *kind.Work) error {
	domains, err := k.domains()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(k.file(cexRepository), 0o700); err != nil {
		return err
	}
	for _, extension := range []string{".skey", ".info"} { // half of what a run that was cut off has made
		if err := os.Remove(k.repositoryFile(extension)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return w.Run(ctx, "zkey", "generate", "--name", k.name(), "--key-type", "CCA-AESCIPHER", "--xts", "--description",
		"Secure Key for "+k.volume+" Volume", "--apqns", strings.Join(domains, ","))
}

// domains are those of adapters that can wrap a key: those with a master key for CCA, by name.
func (k secureKey) domains() ([]string, error) {
	folder := k.file(cexAdapters)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, errors.New("this machine has no Crypto Express adapter")
	}
	var domains []string
	for _, e := range entries {
		if e.IsDir() || !hasDomain(e.Name()) {
			continue
		}
		uevent, err := os.ReadFile(filepath.Join(folder, e.Name(), "uevent"))
		if err != nil {
			return nil, err
		}
		if hasCCA(string(uevent)) {
			domains = append(domains, e.Name())
		}
	}
	if len(domains) == 0 {
		return nil, errors.New("no Crypto Express adapter has a domain in CCA mode")
	}
	return domains, nil
}

// hasDomain: a name holds two hexadecimal digits, a point and four more, as "00.0014" or "card 00.0014".
func hasDomain(name string) bool {
	isHex := func(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }
	for i := 2; i+5 <= len(name); i++ {
		if name[i] == '.' && isHex(name[i-2:i]) && isHex(name[i+1:i+5]) {
			return true
		}
	}
	return false
}

// hasCCA: some variable of an adapter's says "cca".
func hasCCA(uevent string) bool {
	for line := range strings.Lines(uevent) {
		if key, mode, found := strings.Cut(strings.TrimRight(line, "\n"), "="); found && key != "" && mode == "cca" {
			return true
		}
	}
	return false
}

// cexArguments tell luksFormat of the secure key.
func (m *making) cexArguments(w *kind.Work) ([]string, error) {
	if !config.Says(m.config.Cex.Enabled) {
		return nil, nil
	}
	key := m.secure(w).repositoryFile(".skey")
	info, err := os.Stat(key)
	if err != nil {
		return nil, err
	}
	return []string{"--volume-key-file", key, "--cipher", "paes-xts-plain64", "--key-size",
		strconv.FormatInt(info.Size()*8, 10)}, nil
}

// bindSecureKey has the volume remember which secure key is its own, and keeps the key's files for the system.
func (m *making) bindSecureKey(ctx context.Context, w *kind.Work) error {
	if !config.Says(m.config.Cex.Enabled) {
		return nil
	}
	if err := w.Run(ctx, "zkey-cryptsetup", "setvp", m.device(w), "--key-file", m.keyFile); err != nil {
		return err
	}
	if w.Keys.Files == nil {
		w.Keys.Files = map[string]diag.Secret{}
	}
	k := m.secure(w)
	for _, extension := range []string{".info", ".skey"} {
		text, err := os.ReadFile(k.repositoryFile(extension))
		if err != nil {
			return fmt.Errorf("secure key: %w", err)
		}
		w.Keys.Files[k.name()+extension] = diag.Secret(text)
	}
	return nil
}
