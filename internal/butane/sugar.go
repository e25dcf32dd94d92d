package butane

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Field is one row of what documents have and configs have not.
type Field struct {
	// Path of the field, with * for any index.
	Path string
	// Kind: string, number, bool, object, [string], [object], labels (an object of strings), or = and the path of a
	// field that it has the shape of.
	Kind string
	// Since is the spec from which dialects have it; In narrows it to those with a feature.
	Since config.Version
	In    string
	// Line says what it is for, for people.
	Line string
	// secret marks values that no excerpt of a document may show.
	secret bool
}

// Sugar is everything that a document can say beyond the config that comes out of it: the whole difference between the
// two languages but for the spelling of keys. With the history of the config language it decides which keys each
// dialect has.
func Sugar() []Field {
	const v0, v1, v4, v5, v6, v7 = config.V3_0, config.V3_1, config.V3_4, config.V3_5, config.V3_6, config.V3_7
	rows := []Field{
		{Path: "variant", Kind: "string", Line: "The system that the document is for."},
		{Path: "version", Kind: "string", Line: "The version of the variant that the document is written in."},
		{Path: "passwd.users.*.ssh_authorized_keys_local", Kind: "[string]", Since: v4,
			Line: "Local files with public keys, one a line."},
		{Path: "storage.filesystems.*.with_mount_unit", Kind: "bool", Since: v1,
			Line: "Also make a unit that mounts the filesystem, or swaps to it, on every boot."},
		{Path: "storage.trees", Kind: "[object]", Since: v1,
			Line: "Local directories to embed with everything below them."},
		{Path: "storage.trees.*.local", Kind: "string", Since: v1, Line: "The local directory."},
		{Path: "storage.trees.*.path", Kind: "string", Since: v1, Line: "Where its contents go; default /."},
		{Path: "storage.trees.*.group", Kind: "=storage.files.*.group", Since: v6,
			Line: "The owning group of everything in the tree."},
		{Path: "storage.trees.*.user", Kind: "=storage.files.*.user", Since: v6,
			Line: "The owner of everything in the tree."},
		{Path: "storage.trees.*.file_mode", Kind: "number", Since: v6,
			Line: "Permission bits of files; default 0755 for those that somebody may execute, 0644 for others."},
		{Path: "storage.trees.*.dir_mode", Kind: "number", Since: v6,
			Line: "Permission bits of directories; they are made only if this or an owner is given."},
		{Path: "systemd.units.*.contents_local", Kind: "string", Since: v4, Line: "A local file with the unit's text."},
		{Path: "systemd.units.*.dropins.*.contents_local", Kind: "string", Since: v4,
			Line: "A local file with the drop-in's text."},
		{Path: "systemd.quadlets", Kind: "[object]", Since: v7, Line: "Podman quadlets to write."},
		{Path: "systemd.quadlets.*.contents", Kind: "string", Since: v7, Line: "The quadlet's text.", secret: true},
		{Path: "systemd.quadlets.*.contents_local", Kind: "string", Since: v7,
			Line: "A local file with the quadlet's text."},
		{Path: "systemd.quadlets.*.name", Kind: "string", Since: v7,
			Line: "Name with its extension; name@instance.container is a link to its template."},
		{Path: "systemd.quadlets.*.rootful", Kind: "bool", Since: v7,
			Line: "For the system's podman instead of the users'."},
		{Path: "systemd.quadlets.*.dropins", Kind: "=systemd.units.*.dropins", Since: v7,
			Line: "Drop-ins of the quadlet."},
		{Path: "boot_device", Kind: "object", In: "boot_device",
			Line: "Encryption and mirroring of the disk that the machine boots from."},
		{Path: "boot_device.layout", Kind: "string", In: "boot_device",
			Line: "How the disk is partitioned: aarch64, ppc64le, s390x-eckd, s390x-virt, s390x-zfcp, x86_64."},
		{Path: "boot_device.luks", Kind: "object", In: "boot_device", Line: "Encrypt the root filesystem."},
		{Path: "boot_device.luks.cex", Kind: "=storage.luks.*.cex", Since: v5, In: "boot_device",
			Line: "Keys of a Crypto Express adapter (s390x)."},
		{Path: "boot_device.luks.device", Kind: "string", Since: v5, In: "boot_device",
			Line: "The whole disk, for the layouts s390x-eckd and s390x-zfcp."},
		{Path: "boot_device.luks.discard", Kind: "bool", Since: v4, In: "boot_device", Line: "Pass discards through."},
		{Path: "boot_device.luks.tang", Kind: "=storage.luks.*.clevis.tang", In: "boot_device", Line: "Tang servers."},
		{Path: "boot_device.luks.threshold", Kind: "number", In: "boot_device",
			Line: "How many servers and TPMs must agree; default 1."},
		{Path: "boot_device.luks.tpm2", Kind: "bool", In: "boot_device", Line: "Bind to the TPM."},
		{Path: "boot_device.mirror", Kind: "object", In: "boot_device", Line: "Mirror the disk."},
		{Path: "boot_device.mirror.devices", Kind: "[string]", In: "boot_device",
			Line: "The disks, at least two. Everything on them is lost."},
		{Path: "grub", Kind: "object", In: "grub", Line: "The boot loader."},
		{Path: "grub.users", Kind: "[object]", In: "grub", Line: "Who may edit boot entries and use its command line."},
		{Path: "grub.users.*.name", Kind: "string", In: "grub", Line: "The user's name."},
		{Path: "grub.users.*.password_hash", Kind: "string", In: "grub",
			Line: "Hash of the password as grub2-mkpasswd-pbkdf2 prints it.", secret: true},
		{Path: "metadata", Kind: "object", In: "openshift", Line: "What the MachineConfig is called."},
		{Path: "metadata.labels", Kind: "labels", In: "openshift",
			Line: "Its labels; machineconfiguration.openshift.io/role is needed."},
		{Path: "metadata.name", Kind: "string", In: "openshift", Line: "Its name."},
		{Path: "openshift", Kind: "object", In: "openshift", Line: "What else the MachineConfig sets."},
		{Path: "openshift.extensions", Kind: "[string]", In: "openshift", Line: "Extensions of the system."},
		{Path: "openshift.fips", Kind: "bool", In: "openshift", Line: "FIPS mode."},
		{Path: "openshift.kernel_arguments", Kind: "[string]", In: "openshift", Line: "Kernel arguments.",
			secret: true},
		{Path: "openshift.kernel_type", Kind: "string", In: "openshift", Line: "default or realtime."},
	}
	for _, r := range []struct {
		path   string
		inline config.Version
	}{
		{"ignition.config.merge.*", v1}, {"ignition.config.replace", v1},
		{"ignition.security.tls.certificate_authorities.*", v1},
		{"storage.files.*.append.*", v0}, {"storage.files.*.contents", v0}, {"storage.luks.*.key_file", config.V3_2},
	} {
		rows = append(rows,
			Field{Path: r.path + ".inline", Kind: "string", Since: r.inline,
				Line: "The content itself, instead of a source.", secret: true},
			Field{Path: r.path + ".local", Kind: "string", Since: max(r.inline, v1),
				Line: "A local file with the content, instead of a source."})
	}
	return rows
}

// A shape is what the newest dialects say of one place in a document.
type shape struct {
	name     string // as documents spell it
	json     string // as configs spell it; "" for sugar
	path     string
	kind     tree.Kind
	since    config.Version
	in       string // the feature that it needs
	secret   bool
	nullable bool // absent differs from the zero value
	labels   bool // an object of any keys
	item     *shape
	members  []*shape
	line     string
}

// find returns the member that a dialect has under a name.
func (s *shape) find(name string, d Dialect) *shape {
	for _, m := range s.members {
		if m.name == name && m.since <= d.Spec && d.has(m.in) {
			return m
		}
	}
	return nil
}

// names are the keys that a dialect has.
func (s *shape) names(d Dialect) (known []string) {
	for _, m := range s.members {
		if m.since <= d.Spec && d.has(m.in) {
			known = append(known, m.name)
		}
	}
	return known
}

// nest is what a dialect has at and below an object.
func (s *shape) nest(d Dialect) diag.Nest {
	n := diag.Nest{Name: s.name, Keys: s.names(d)}
	for _, m := range s.members {
		if m.since > d.Spec || !d.has(m.in) {
			continue
		}
		if m.kind == tree.Object {
			n.Below = append(n.Below, m.nest(d))
		} else if m.kind == tree.List && m.item.kind == tree.Object {
			below := m.item.nest(d)
			below.Name, below.Items = m.name, true
			n.Below = append(n.Below, below)
		}
	}
	return n
}

// member returns the member under a name in whichever dialect has it.
func (s *shape) member(name string) *shape {
	i := slices.IndexFunc(s.members, func(m *shape) bool { return m.name == name })
	if i < 0 {
		return nil
	}
	return s.members[i]
}

// at finds the shape at a path of documents.
func (s *shape) at(path string) *shape {
	for step := range strings.SplitSeq(path, ".") {
		if s == nil {
			return nil
		}
		if step == "*" {
			s = s.item
		} else {
			s = s.member(step)
		}
	}
	return s
}

// language is the shape of a whole document: the config's model with the keys of YAML, its history, and the sugar.
var language = sync.OnceValue(func() *shape {
	b := builder{since: map[string]config.Version{}}
	for _, row := range config.History() {
		if row.Value == nil {
			b.since[row.Path] = row.Since
		}
	}
	root := b.build(reflect.TypeFor[config.Config](), "", "", 0)
	ignition := root.member("ignition")
	ignition.members = slices.DeleteFunc(ignition.members, func(m *shape) bool { return m.name == "version" })
	for _, row := range Sugar() {
		root.add(row)
	}
	return root
})

type builder struct{ since map[string]config.Version }

// build derives a shape from a type of the model. What is below a field that came late came no earlier.
func (b builder) build(t reflect.Type, path, jsonPath string, since config.Version) *shape {
	s := &shape{path: path, since: max(since, b.since[jsonPath])}
	if t.Kind() == reflect.Pointer {
		s.nullable = true
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		s.kind = tree.String
	case reflect.Int:
		s.kind = tree.Number
	case reflect.Bool:
		s.kind = tree.Bool
	case reflect.Slice:
		s.kind = tree.List
		s.item = b.build(t.Elem(), path+".*", jsonPath+".*", s.since)
	case reflect.Struct:
		s.kind = tree.Object
		b.fields(s, t, jsonPath)
	}
	return s
}

func (b builder) fields(s *shape, t reflect.Type, jsonPath string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			b.fields(s, f.Type, jsonPath)
			continue
		}
		json, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name := snake(json)
		m := b.build(f.Type, join(s.path, name), join(jsonPath, json), s.since)
		m.name, m.json, m.secret = name, json, f.Tag.Get("secret") != ""
		if m.item != nil {
			m.item.secret = m.secret
		}
		s.members = append(s.members, m)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// snake spells a key of a config as documents do: sizeMiB is size_mib.
func snake(key string) string {
	key = strings.Replace(key, "MiB", "Mib", 1)
	var b strings.Builder
	for _, c := range []byte(key) {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
			c |= 0x20
		}
		b.WriteByte(c)
	}
	return b.String()
}

// add gives the shape a field of the table of sugar.
func (s *shape) add(row Field) {
	parentPath, name := "", row.Path
	if i := strings.LastIndexByte(row.Path, '.'); i >= 0 {
		parentPath, name = row.Path[:i], row.Path[i+1:]
	}
	parent := s
	if parentPath != "" {
		parent = s.at(parentPath)
	}
	m := &shape{name: name, path: row.Path, since: max(row.Since, parent.since), in: row.In, secret: row.secret,
		line: row.Line, nullable: true}
	kind, listed := strings.CutPrefix(row.Kind, "[")
	switch strings.TrimSuffix(kind, "]") {
	case "string":
		m.kind = tree.String
	case "number":
		m.kind = tree.Number
	case "bool":
		m.kind = tree.Bool
	case "object":
		m.kind = tree.Object
	case "labels":
		m.kind, m.labels = tree.Object, true
	default:
		same := s.at(strings.TrimPrefix(kind, "="))
		m.kind, m.item, m.members = same.kind, same.item, same.members
	}
	if listed {
		item := *m
		item.name, item.path = "", row.Path+".*"
		m.kind, m.item = tree.List, &item
	}
	parent.members = append(parent.members, m)
}
