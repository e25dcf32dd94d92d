package butane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Restriction is a field of the config that a variant's machines cannot do anything with.
type Restriction struct {
	Variant string
	// From and To are the minor versions that it holds for, To excluded; 0 is no bound.
	From, To int
	// Paths are those of the config, with * for any index.
	Paths []string
	// Line says what is not supported, for people; Hint what to do.
	Line, Hint string
}

// Restrictions is the table of what variants refuse (docs/peer/butane.md §11 and §13).
func Restrictions() []Restriction {
	rows := []Restriction{
		{"flatcar", 0, 2, []string{"storage.luks.*.clevis"}, "Clevis", ""},
		{"flatcar", 2, 0, []string{"storage.luks.*.cex"}, "Crypto Express", ""},
		{"openshift", 14, 0, []string{"kernelArguments"}, "kernel_arguments", "use openshift.kernel_arguments"},
		{"openshift", 0, 0, []string{"passwd.groups"}, "groups", ""},
		{"openshift", 0, 0, userFields("gecos", "groups", "homeDir", "noCreateHome",
			"noLogInit", "noUserGroup", "primaryGroup", "shell", "shouldExist", "system", "uid"), "a user's settings",
			"only name, ssh_authorized_keys and, from 4.13.0, password_hash are"},
		{"openshift", 0, 13, userFields("passwordHash"), "a user's password", "set version to 4.13.0 or newer"},
		{"openshift", 0, 0, []string{"storage.directories"}, "directories", ""},
		{"openshift", 0, 0, []string{"storage.files.*.append"}, "appending to files",
			"give the whole file in contents"},
		{"openshift", 0, 10, []string{"storage.files.*.contents.compression"}, "compression",
			"set version to 4.10.0 or newer"},
		{"openshift", 0, 0, []string{"storage.files.*.contents.httpHeaders"}, "HTTP headers of files", ""},
		{"openshift", 0, 0, []string{"storage.links"}, "links", ""},
	}
	for _, variant := range []string{"r4e", "fiot"} {
		for _, r := range [][2]string{{"kernelArguments", "kernel_arguments"}, {"storage.disks", "partitioning"},
			{"storage.filesystems", "making filesystems"}, {"storage.luks", "encryption"}, {"storage.raid", "RAID"}} {
			rows = append(rows, Restriction{variant, 0, 0, []string{r[0]}, r[1], ""})
		}
	}
	return rows
}

func (r Restriction) holds(d Dialect) bool {
	return r.Variant == d.Variant && d.minor >= r.From && (r.To == 0 || d.minor < r.To)
}

func userFields(names ...string) []string {
	for i := range names {
		names[i] = "passwd.users.*." + names[i]
	}
	return names
}

// filter refuses what the variant's machines can do nothing with. Nobody knows what a raw config is for.
func (t *translation) filter() {
	t.index = tree.Index{}
	if t.Raw && t.openshift() {
		return
	}
	for _, r := range Restrictions() {
		if !r.holds(t.Dialect) {
			continue
		}
		for _, p := range r.Paths {
			t.refuse(r, t.config, "$", strings.Split(p, "."))
		}
	}
}

// refuse goes along a path with * in it. What is refused is reported once, however much is in it. That nothing is
// compressed is not compression.
func (t *translation) refuse(r Restriction, n tree.Node, path string, steps []string) {
	switch {
	case !n.Exists():
	case len(steps) == 0:
		if n.Kind() < tree.List || n.First().Exists() {
			if n.Kind() == tree.String && n.Text() == "" && n.Key() == "compression" {
				return
			}
			t.find(diag.Error, codes.Unsupported, path, n,
				fmt.Sprintf("%s does not support %s", t.Dialect, r.Line)).Hint = r.Hint
		}
	case steps[0] == "*":
		i := 0
		for c := range n.Children() {
			t.refuse(r, c, itemPath(path, i), steps[1:])
			i++
		}
	default:
		t.refuse(r, n.Get(steps[0]), path+"."+steps[0], steps[1:])
	}
}

const (
	roleLabel = "machineconfiguration.openshift.io/role"
	cexArg    = "rd.luks.key=/etc/luks/cex.key"
)

// machineConfigRules: what a MachineConfig needs (docs/peer/butane.md §11).
func (t *translation) machineConfigRules() {
	if !t.openshift() {
		return
	}
	if name := t.top.key("metadata", "name"); name.text() == "" {
		name.errorf(codes.MetadataName, "a MachineConfig needs a name").Hint = "add metadata.name"
	}
	if t.top.key("metadata", "labels", roleLabel).text() == "" {
		t.top.key("metadata", "labels").errorf(codes.MetadataRole,
			"a MachineConfig needs the label "+roleLabel).Hint = "it is worker or master"
	}
	if kind := t.top.key("openshift", "kernel_type"); !slices.Contains(kernelTypes(), kind.text()) {
		kind.errorf(codes.KernelType,
			fmt.Sprintf("the kernel type %q is not known", kind.text())).Hint = "default and realtime are"
	}
	if t.minor < 19 {
		return
	}
	arguments := t.top.key("openshift", "kernel_arguments")
	for argument := range arguments.items() {
		if argument.text() == cexArg {
			return
		}
	}
	needs := []*at{}
	if enabled := t.top.key("boot_device", "luks", "cex", "enabled"); enabled.isTrue() {
		needs = append(needs, enabled)
	}
	for luks := range t.top.key("storage", "luks").items() {
		if luks.key("name").text() == "root" && luks.key("cex", "enabled").isTrue() {
			needs = append(needs, luks)
		}
	}
	for i := range needs {
		p := arguments.errorf(codes.CEXArgument,
			"a boot disk with keys of a Crypto Express adapter needs the kernel argument "+cexArg)
		p.Hint, p.PeerOnly = "add it to openshift.kernel_arguments", i > 0
	}
}

func kernelTypes() []string { return []string{"", "default", "realtime"} }

// machineConfig fits the config to what a MachineConfig can hold (docs/peer/butane.md §11).
func (t *translation) machineConfig() {
	if !t.openshift() {
		return
	}
	t.wholeGrubConfig()
	storage := t.config.Get("storage")
	t.fips(storage)
	i := 0
	for fs := range storage.Get("filesystems").Children() {
		path := fmt.Sprintf("$.storage.filesystems.%d.format", i)
		// Before 4.14 no config had the format none, which is what the peer says there.
		if format := fs.Get("format"); t.refusesFormat(format.Text()) && !(t.Peer && t.minor < 14 &&
			format.Text() == "none") {
			t.unsupported(path, format, fmt.Sprintf("%s does not support the format %s", t.Dialect, format.Text()))
		}
		i++
	}
	i = 0
	for file := range storage.Get("files").Children() {
		t.machineConfigFile(fmt.Sprintf("$.storage.files.%d", i), file)
		i++
	}
	i = 0
	for user := range t.config.Get("passwd").Get("users").Children() {
		if user.Get("name").Text() != "core" {
			t.unsupported(fmt.Sprintf("$.passwd.users.%d.name", i), user.Get("name"),
				fmt.Sprintf("%s does not support users other than core", t.Dialect))
		}
		i++
	}
	if t.Raw {
		for _, name := range []string{"extensions", "fips", "kernel_arguments", "kernel_type"} {
			if field := t.top.key("openshift", name); field.says() {
				field.warnf(codes.RawIgnored, "a raw config cannot say this; it is ignored")
			}
		}
	}
}

// refusesFormat: OpenShift's images cannot make such a filesystem.
func (d Dialect) refusesFormat(format string) bool {
	return d.openshift() && (format == "btrfs" || format == "none")
}

// machineConfigFile: the operator of OpenShift compares files with what it has been given, so it does not fetch any.
func (t *translation) machineConfigFile(path string, file tree.Node) {
	src := file.Get("contents").Get("source")
	if src.Exists() && src.Text() == "" && !t.Peer {
		t.unsupported(path+".contents.source", src, fmt.Sprintf("%s does not take an empty source",
			t.Dialect)).Hint = "leave contents out for an empty file, or give the content with inline or local"
	}
	if scheme, ok := source.Scheme(src.Text()); src.Text() != "" && ok && scheme != "data" {
		t.unsupported(path+".contents.source", src,
			fmt.Sprintf("%s does not fetch files", t.Dialect)).Hint = "give the content with inline or local"
	}
	if mode, err := strconv.Atoi(file.Get("mode").Text()); err == nil && t.minor >= 10 && mode&^0o777 != 0 {
		t.unsupported(path+".mode", file.Get("mode"),
			fmt.Sprintf("%s does not support set-id and sticky bits", t.Dialect))
	}
}

// unsupported refuses a value of the config. Of a raw config the peer cannot tell where it comes from.
func (t *translation) unsupported(path string, n tree.Node, message string) *diag.Problem {
	p := t.find(diag.Error, codes.Unsupported, path, n, message)
	if t.Peer && t.Raw {
		p.Path = machineConfigPath(path)
		p.Place = t.lookup(p.Path)
	}
	return p
}

// fips: machines in FIPS mode need a cipher that is approved, as long as it was not the default.
func (t *translation) fips(storage tree.Node) {
	fips := t.top.key("openshift", "fips")
	if !fips.isTrue() || t.minor > 19 {
		return
	}
	for luks := range storage.Get("luks").Children() {
		options := luks.Get("options")
		chosen := false
		for option := range options.Children() {
			text := option.Text()
			chosen = chosen || text == "--cipher" || text == "-c" || strings.HasPrefix(text, "--cipher=")
		}
		if chosen {
			continue
		}
		if !options.Exists() {
			options = t.tracer.List(fips.node)
			luks.Append().AddMember("options", options)
		}
		list := options.Append()
		list.Add(t.tracer.Scalar(fips.node, tree.String, "--cipher"))
		list.Add(t.tracer.Scalar(fips.node, tree.String, "aes-cbc-essiv:sha256"))
	}
}

// wholeGrub: the dialect can say who may use the boot loader, though its machines do not append to files.
func (d Dialect) wholeGrub() bool { return d.openshift() && d.Spec >= config.V3_7 }

// wholeGrubConfig: a MachineConfig cannot append to files, so the users of the boot loader become a file of their own.
func (t *translation) wholeGrubConfig() {
	if !t.wholeGrub() {
		return
	}
	for file := range t.config.Get("storage").Get("files").Children() {
		fragments := file.Get("append")
		if file.Get("path").Text() != grubConfig || fragments.Len() != 1 {
			continue
		}
		only := fragments.First().Copy()
		file.Keep(func(c tree.Node) bool { return c.Key() != "append" && c.Key() != "contents" })
		file.Append().AddMember("contents", only)
		return
	}
}

// peerPartitions is a rule that Ignition has dropped with 2.27 and Butane 0.29 still has.
func (t *translation) peerPartitions() {
	t.index = tree.Index{}
	i := 0
	for disk := range t.config.Get("storage").Get("disks").Children() {
		absent, next := false, false
		for p := range disk.Get("partitions").Children() {
			number, _ := strconv.Atoi(p.Get("number").Text())
			absent = absent || p.Get("shouldExist").Text() == "false"
			next = next || number == 0
		}
		if absent && next {
			t.late = append(t.late, late{fmt.Sprintf("$.storage.disks.%d.partitions", i), disk.Get("partitions")})
		}
		i++
	}
}

// A late problem is reported together with what the rules of the config say.
type late struct {
	path string
	node tree.Node
}
