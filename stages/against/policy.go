package against

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

const (
	selinuxConfig = "/etc/selinux/config"
	selinuxMost   = 1 << 20
)

// policy tells of a config that has SELinux enforced where no policy is: systemd stops such a boot (selinux(8);
// systemd, src/core/selinux-setup.c).
func (j *judge) policy() {
	k := slices.IndexFunc(j.cfg.Storage.Files, func(f config.File) bool { return path.Clean(f.Path) == selinuxConfig })
	if k < 0 {
		return
	}
	text, err := j.f.Files.ReadFile(selinuxConfig, selinuxMost)
	if err != nil || setting(string(text), "SELINUX") != "enforcing" {
		return // fetched, or not in force
	}
	kind := cmp.Or(setting(string(text), "SELINUXTYPE"), "targeted")
	if path.Base(kind) != kind {
		return // told by who labels
	}
	dir := path.Join(path.Dir(selinuxConfig), kind, "policy")
	names, err := j.f.Files.Names(dir)
	if err != nil || slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "policy.") }) {
		return
	}
	j.report(diag.Error, codes.ImageSELinux, fmt.Sprintf("$.storage.files.%d", k),
		"SELinux is to be enforced, and this image has no policy in %s, without which it does not boot",
		diag.Name(dir)).Hint = "write SELINUX=permissive, or take an image with the policy"
}

// setting is what the last line of a name says (selinux_config(5)).
func setting(text, name string) (value string) {
	for line := range strings.Lines(text) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), name+"="); is {
			value = strings.TrimSpace(rest)
		}
	}
	return value
}
