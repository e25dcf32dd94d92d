package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/target"
)

// An extract is what is noted of a file whose content is not for everybody, or large.
type extract func(w *Wanted, text []byte) string

const (
	crypttab = "/etc/crypttab"
	packages = "/var/lib/dpkg/status"
)

// extracts are those of the files that planners read as texts.
func extracts(resultFile string) map[string]extract {
	all := map[string]extract{
		accounts.PasswdFile + "-":          namesOnly,
		crypttab:                           ownVolumes,
		target.StateDir + "/appended.json": withoutSums,
		target.StateDir + "/links.json":    asIs, // the three hold paths
		target.StateDir + "/keys.json":     asIs,
		target.StateDir + "/relabel.json":  asIs,
		packages:                           accountTools,
	}
	for _, file := range accountFiles() {
		all[file] = func(w *Wanted, text []byte) string { return w.masked(file, text) }
	}
	if resultFile != "" {
		all[resultFile] = bootOnly
	}
	return all
}

// accountFiles are those that have a field for a hash.
func accountFiles() []string {
	return []string{accounts.PasswdFile, accounts.ShadowFile, accounts.GroupFile, accounts.GShadowFile,
		accounts.AltPasswdFile, accounts.AltGroupFile}
}

func asIs(_ *Wanted, text []byte) string { return string(text) }

// namesOnly keeps the names of accounts.
func namesOnly(_ *Wanted, text []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		if name, _, found := bytes.Cut(line, []byte(":")); found {
			fmt.Fprintf(&b, "%s:\n", name)
		}
	}
	return b.String()
}

// ownVolumes keeps the lines of crypttab(5) that a boot with the config may have written: a UUID, a path and options.
func ownVolumes(w *Wanted, text []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 4 && w.volumes[f[0]] && strings.HasPrefix(f[1], "UUID=") &&
			(f[2] == "none" || strings.HasPrefix(f[2], "/")) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// withoutSums leaves out of the record of appended files the digests of what these were.
func withoutSums(_ *Wanted, text []byte) string {
	type file struct {
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
	var record struct {
		Version int             `json:"version"`
		Files   map[string]file `json:"files"`
	}
	if json.Unmarshal(text, &record) != nil {
		return "" // as little a record as what is there
	}
	for at, was := range record.Files {
		record.Files[at] = file{Size: was.Size}
	}
	out, err := json.Marshal(record)
	if err != nil {
		return ""
	}
	return string(out)
}

// bootOnly keeps of the report of a boot which boot it was.
func bootOnly(_ *Wanted, text []byte) string {
	var report struct {
		BootID string `json:"provisioningBootID"`
	}
	if json.Unmarshal(text, &report) != nil {
		return ""
	}
	out, err := json.Marshal(report)
	if err != nil {
		return ""
	}
	return string(out)
}

// accountTools keeps of the database of dpkg the version of the package that has useradd.
func accountTools(_ *Wanted, text []byte) string {
	within := false
	for line := range bytes.Lines(text) {
		field, value, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), ": ")
		if field == "Package" {
			within = value == "passwd"
		} else if within && field == "Version" {
			return "Package: passwd\nVersion: " + value + "\n"
		}
	}
	return ""
}
