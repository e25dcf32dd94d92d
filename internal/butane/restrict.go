package butane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A restriction is a part of the config with which machines can do nothing unless their dialect has a feature.
type restriction struct {
	needs language.Features
	// paths are paths of the config, with * for the index of an item, and a blank between two of them.
	paths string
	// line says what is not supported, in a sentence for people.
	line string
	// where are the features of the dialects for which the hint is instead.
	where   language.Features
	instead string
}

// restrictions is the table of what variants refuse (docs/peer/butane.md §11 and §13).
func restrictions() []restriction {
	return []restriction{
		{kernelArguments, "kernelArguments", "kernel_arguments", machineConfig, "use openshift.kernel_arguments"},
		{groups, "passwd.groups", "groups", 0, ""},
		{userSettings, "passwd.users.*.gecos passwd.users.*.groups passwd.users.*.homeDir " +
			"passwd.users.*.noCreateHome passwd.users.*.noLogInit passwd.users.*.noUserGroup " +
			"passwd.users.*.primaryGroup passwd.users.*.shell passwd.users.*.shouldExist passwd.users.*.system " +
			"passwd.users.*.uid", "a user's settings", machineConfig,
			"only name, ssh_authorized_keys and, from 4.13.0, password_hash are supported"},
		{passwords, "passwd.users.*.passwordHash", "a user's password", 0, ""},
		{directories, "storage.directories", "directories", 0, ""},
		{appending, "storage.files.*.append", "appending to files", 0, "give the whole file in contents"},
		{compression, "storage.files.*.contents.compression", "compression", 0, ""},
		{fileHeaders, "storage.files.*.contents.httpHeaders", "HTTP headers of files", 0, ""},
		{links, "storage.links", "links", 0, ""},
		{disks, "storage.disks", "partitioning", 0, ""},
		{filesystems, "storage.filesystems", "making filesystems", 0, ""},
		{luks, "storage.luks", "encryption", 0, ""},
		{raid, "storage.raid", "RAID", 0, ""},
		{clevis, "storage.luks.*.clevis", "Clevis", 0, ""},
		{cex, "storage.luks.*.cex", "Crypto Express", 0, ""},
	}
}

// hint says what to do in a dialect.
func (r restriction) hint(d Dialect) string {
	if first, later := d.firstWith(func(other Dialect) bool { return other.has(r.needs) }); later {
		return "set version to " + language.OrNewer(first.Version)
	}
	if d.has(r.where) {
		return r.instead
	}
	return ""
}

// refuse reports all parts of the config with which the machines of the variant can do nothing. In a raw config
// everything is allowed: nobody knows what it is for.
func (t *translation) refuse() {
	t.index = tree.Index{}
	if t.Raw && t.has(machineConfig) {
		return
	}
	for _, r := range restrictions() {
		if t.has(r.needs) {
			continue
		}
		for _, p := range strings.Fields(r.paths) {
			r.refuse(t, t.config, "$", strings.Split(p, "."))
		}
	}
}

// refuse follows a path with * in it. One part is reported once, however much is in it. An empty compression is no
// compression.
func (r restriction) refuse(t *translation, n tree.Node, path string, steps []string) {
	switch {
	case !n.Exists():
	case len(steps) == 0:
		if n.Kind() < tree.List || n.First().Exists() {
			if n.Kind() == tree.String && n.Text() == "" && n.Key() == "compression" {
				return
			}
			t.find(diag.Error, codes.Unsupported, path, n,
				fmt.Sprintf("%s does not support %s", t.Dialect, r.line)).Hint = r.hint(t.Dialect)
		}
	case steps[0] == "*":
		items(n, path, func(path string, item tree.Node) { r.refuse(t, item, path, steps[1:]) })
	default:
		r.refuse(t, n.Get(steps[0]), path+"."+steps[0], steps[1:])
	}
}

// refuses: machines of the variant can do nothing with the field, whatever its value.
func (d Dialect) refuses(m *language.Shape) (refused bool) {
	for _, r := range restrictions() {
		refused = refused || !d.has(r.needs) && slices.Contains(strings.Fields(r.paths), m.Field.Path)
	}
	d.each(func(f *feature) {
		refused = refused || f.refused != nil && f.refused(d) && m.Path == f.fields[0].Path
	})
	return refused
}
