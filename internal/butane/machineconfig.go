package butane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// manifestConfig is the feature of the MachineConfig around a config for OpenShift (docs/peer/butane.md §11).
func manifestConfig() feature {
	return feature{
		needs: machineConfig,
		fields: append([]language.Sugar{
			{Path: "metadata", Required: true, Kind: "object", Line: "What the MachineConfig is called."},
			{Path: "metadata.labels", Required: true, Kind: "labels", Line: "Its labels; " + roleLabel + " is needed."},
			{Path: "metadata.name", Required: true, Kind: "string", Line: "Its name."},
			{Path: "openshift", Kind: "object", Line: "What else the MachineConfig sets."},
		}, manifestFields()...),
		check: machineConfigRules,
		lower: fitMachineConfig,
	}
}

// manifestFields are the keys that go into the MachineConfig, beside the config.
func manifestFields() []language.Sugar {
	return []language.Sugar{
		{Path: "openshift.extensions", Kind: "[string]", Line: "Extensions of the system."},
		{Path: "openshift.fips", Kind: "bool", Line: "FIPS mode."},
		{Path: "openshift.kernel_arguments", Kind: "[string]", Line: "Kernel arguments.", Secret: true},
		{Path: "openshift.kernel_type", Kind: "string", Takes: []string{"", "default", "realtime"},
			Line: "Which kernel."},
	}
}

const (
	roleLabel = "machineconfiguration.openshift.io/role"
	cexArg    = "rd.luks.key=/etc/luks/cex.key"
)

// isObjectName: names of objects are those of DNS (Kubernetes' "Object Names and IDs", RFC 1123).
func isObjectName(name string) bool {
	const letters, longest = "abcdefghijklmnopqrstuvwxyz0123456789", 253
	for part := range strings.SplitSeq(name, ".") {
		if strings.Trim(part, letters+"-") != "" || part == "" || strings.Trim(part, "-") != part {
			return false
		}
	}
	return len(name) <= longest
}

// machineConfigRules: what a MachineConfig needs.
func machineConfigRules(t *translation) {
	if name := t.top.To("metadata", "name"); name.Text() == "" {
		name.Errorf(codes.MetadataName, "a MachineConfig needs a name").Advise("add metadata.name")
	} else if !isObjectName(name.Text()) {
		name.Errorf(codes.MetadataName, "Kubernetes takes no object of the name %q", name.Text()).
			Advise("write lower-case letters, digits, - and ., as in 99-worker-web").Strictly()
	}
	role := t.top.To("metadata", "labels", roleLabel)
	if role.Node().Kind() < tree.List && role.Text() == "" {
		role.Up().Errorf(codes.MetadataRole, "a MachineConfig needs the label "+roleLabel).
			Advise("write " + roleLabel + ": worker, or master, or another pool's name, such as infra")
	}
	known := t.shape.At("openshift.kernel_type").Takes
	if kind := t.top.To("openshift", "kernel_type"); !slices.Contains(known, kind.Text()) {
		kind.Errorf(codes.KernelType, "the kernel type %q is not known", kind.Text()).
			Advise("write %s", strings.Join(known[1:], " or "))
	}
	if t.has(cexArgument) {
		cexArgumentRule(t)
	}
}

// cexArgumentRule: the initramfs has to be told of the keys of a Crypto Express adapter.
func cexArgumentRule(t *translation) {
	arguments := t.top.To("openshift", "kernel_arguments")
	for argument := range arguments.Items() {
		if argument.Text() == cexArg {
			return
		}
	}
	needs := []*cursor.At{}
	if enabled := t.top.To("boot_device", "luks", "cex", "enabled"); enabled.IsTrue() {
		needs = append(needs, enabled)
	}
	for luks := range t.top.To("storage", "luks").Items() {
		if luks.Key("name").Text() == "root" && luks.To("cex", "enabled").IsTrue() {
			needs = append(needs, luks)
		}
	}
	for i := range needs {
		arguments.Errorf(codes.CEXArgument,
			"a boot disk with keys of a Crypto Express adapter needs the kernel argument "+cexArg).
			Advise("add it to openshift.kernel_arguments").PeerOnly = i > 0
	}
}

// fitMachineConfig fits the config to what a MachineConfig can hold.
func fitMachineConfig(t *translation) {
	storage := t.config.Get("storage")
	chooseCipher(t, storage)
	items(storage.Get("filesystems"), "$.storage.filesystems", func(path string, fs tree.Node) {
		if format := fs.Get("format"); t.refusesFormat(format.Text()) {
			unsupported(t, path+".format", format, "the format "+format.Text())
		}
	})
	items(storage.Get("files"), "$.storage.files", func(path string, file tree.Node) {
		machineConfigFile(t, path, file)
	})
	items(t.config.Get("passwd").Get("users"), "$.passwd.users", func(path string, user tree.Node) {
		if user.Get("name").Text() != "core" {
			unsupported(t, path+".name", user.Get("name"), "users other than core")
		}
	})
	if t.Raw {
		for _, f := range manifestFields() {
			if field := t.at(f); field.Says() {
				field.Warnf(codes.RawIgnored, "a raw config cannot say this; it is ignored")
			}
		}
	}
}

// at is the place of a field of the document.
func (t *translation) at(f language.Sugar) *cursor.At { return t.top.To(strings.Split(f.Path, ".")...) }

// items goes through a list of the config, with the path of each item.
func items(list tree.Node, path string, do func(path string, item tree.Node)) {
	i := 0
	for item := range list.Children() {
		do(itemPath(path, i), item)
		i++
	}
}

func unsupported(t *translation, path string, n tree.Node, what string) *diag.Problem {
	return t.find(diag.Error, codes.Unsupported, path, n, fmt.Sprintf("%s does not support %s", t.Dialect, what))
}

// refusesFormat: OpenShift's images cannot make such a filesystem.
func (d Dialect) refusesFormat(format string) bool {
	return d.has(machineConfig) && (format == "btrfs" || format == "none")
}

// machineConfigFile: the operator of OpenShift compares files with what it has been given, so it does not fetch any.
func machineConfigFile(t *translation, path string, file tree.Node) {
	src := file.Get("contents").Get("source")
	if src.Exists() && src.Text() == "" {
		t.find(diag.Error, codes.Unsupported, path+".contents.source", src,
			fmt.Sprintf("%s does not take an empty source", t.Dialect)).
			Hint = "leave contents out for an empty file, or give the content with inline or local"
	}
	if scheme, ok := source.Scheme(src.Text()); src.Text() != "" && ok && scheme != "data" {
		t.find(diag.Error, codes.Unsupported, path+".contents.source", src,
			fmt.Sprintf("%s does not fetch files", t.Dialect)).Hint = "give the content with inline or local"
	}
	if mode, err := strconv.Atoi(file.Get("mode").Text()); err == nil && t.has(plainModes) && mode&^0o777 != 0 {
		unsupported(t, path+".mode", file.Get("mode"), "set-id and sticky bits")
	}
}

// chooseCipher adds an approved cipher to the volumes of machines in FIPS mode. Later dialects need none: the default
// is approved.
func chooseCipher(t *translation, storage tree.Node) {
	fips := t.top.To("openshift", "fips")
	if !fips.IsTrue() || t.has(approvedCipher) {
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
			options = t.List(fips.Node())
			luks.Append().AddMember("options", options)
		}
		list := options.Append()
		list.Add(t.Scalar(fips.Node(), tree.String, "--cipher"))
		list.Add(t.Scalar(fips.Node(), tree.String, "aes-cbc-essiv:sha256"))
	}
}
