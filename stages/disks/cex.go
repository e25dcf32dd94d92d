package disks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// Volumes whose key a Crypto Express adapter of an IBM Z wraps: the key on disk is worth nothing without the adapter.
// Files are those of docs/peer/engine.md §9.3.
const (
	cexKey        = "/etc/luks/cex.key"
	cexRepository = "/etc/zkey/repository"
	cexAdapters   = "/sys/bus/ap/devices"
)

func (o *volume) cexFile(name string) string { return filepath.Join("/", o.Devices.Root, name) }

// secureName is what zkey knows the volume's key by. Others know it from crypttab and zkey's repository.
func (o *volume) secureName() string { return "ignition-luks-" + o.config.Name }

func (o *volume) repositoryFile(extension string) string {
	return filepath.Join(o.cexFile(cexRepository), o.secureName()+extension)
}

// readCexKey reads the passphrase that the image brings along.
func (o *volume) readCexKey() (diag.Secret, error) {
	o.keyFile = o.cexFile(cexKey)
	text, err := os.ReadFile(o.keyFile)
	return diag.Secret(text), err
}

// secureKeyStep has zkey make the key. One that an earlier run of this boot has made serves as well.
func (o *volume) secureKeyStep() plan.Step {
	s := o.as("luks-secure-key", plan.Create, "secure key of", o.secureName())
	s.Check = func(context.Context) (plan.State, error) {
		for _, extension := range []string{".skey", ".info"} {
			if _, err := os.Lstat(o.repositoryFile(extension)); err != nil {
				return plan.Pending, nil
			}
		}
		return plan.Done, nil
	}
	s.Do = o.generateSecureKey
	return s
}

func (o *volume) generateSecureKey(ctx context.Context) error {
	domains, err := o.cexDomains()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.cexFile(cexRepository), 0o700); err != nil {
		return err
	}
	for _, extension := range []string{".skey", ".info"} { // half of what a run that was cut off has made
		if err := os.Remove(o.repositoryFile(extension)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return o.runTool(ctx, tool.Command{Tool: "zkey",
		Args: []string{"generate", "--name", o.secureName(), "--key-type", "CCA-AESCIPHER", "--xts", "--description",
			"Secure Key for " + o.config.Name + " Volume", "--apqns", strings.Join(domains, ",")}})
}

// cexDomains are the adapters' domains that can wrap a key: those with a master key for CCA, by name.
func (o *volume) cexDomains() ([]string, error) {
	folder := o.cexFile(cexAdapters)
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
func (o *volume) cexArguments() ([]string, error) {
	if !isTrue(o.config.Cex.Enabled) {
		return nil, nil
	}
	key := o.repositoryFile(".skey")
	info, err := os.Stat(key)
	if err != nil {
		return nil, err
	}
	return []string{"--volume-key-file", key, "--cipher", "paes-xts-plain64", "--key-size",
		strconv.FormatInt(info.Size()*8, 10)}, nil
}

// bindSecureKey has the volume remember which secure key is its own, and keeps the key's files for the system.
func (o *volume) bindSecureKey(ctx context.Context) error {
	if !isTrue(o.config.Cex.Enabled) {
		return nil
	}
	if err := o.runTool(ctx, tool.Command{Tool: "zkey-cryptsetup",
		Args: []string{"setvp", o.device(), "--key-file", o.keyFile}}); err != nil {
		return err
	}
	if o.keys.Files == nil {
		o.keys.Files = map[string]diag.Secret{}
	}
	for _, extension := range []string{".info", ".skey"} {
		text, err := os.ReadFile(o.repositoryFile(extension))
		if err != nil {
			return fmt.Errorf("secure key: %w", err)
		}
		o.keys.Files[o.secureName()+extension] = diag.Secret(text)
	}
	return nil
}
