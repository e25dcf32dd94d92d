package unit

import (
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Where units of a config are written, and whether they are enabled (docs/peer/engine.md §11.6).
const (
	Dir        = "/etc/systemd/system"
	PresetFile = "/etc/systemd/system-preset/20-ignition.preset"
)

// extensions are those of docs/peer/spec.md §3.7. snapshot units are gone since systemd 228, and still pass.
const extensions = ".service .socket .device .mount .automount .swap .target .path .timer .snapshot .slice .scope"

// Kinds lists what names of units end in.
func Kinds() []string { return strings.Fields(extensions) }

func isExtension(ext string) bool { return ext != "" && strings.Contains(extensions+" ", ext+" ") }

// nameMax is UNIT_NAME_MAX of systemd's unit-name.h without the byte that ends the string.
const nameMax = 255

// CheckName judges the name of a unit as the peer does: by its extension alone (docs/peer/spec.md §4.9, R-UNITNAME).
// CheckNameStrictly looks at the rest.
func CheckName(name string) *diag.Fault {
	ext := path.Ext(name)
	if isExtension(ext) {
		return nil
	}
	if name == "" {
		return &diag.Fault{Code: codes.UnitNameExtension, Message: "a unit needs a name",
			Hint: "add a name, as web.service", At: -1}
	}
	f := &diag.Fault{Code: codes.UnitNameExtension, Message: "the name does not end in the kind of a unit",
		Hint: "the name ends in one of " + extensions, At: -1}
	switch lower := strings.ToLower(ext); {
	case lower != ext && isExtension(lower):
		f.Hint, f.Write = "write "+lower+" in lower case", strings.TrimSuffix(name, ext)+lower
	case ext == ".conf":
		f.Hint = "a drop-in stands in the list dropins of the unit that it changes"
	case ext == ".network" || ext == ".netdev" || ext == ".link":
		f.Hint = "settings of systemd-networkd are files in /etc/systemd/network, not units"
	case ext == "":
		f.Hint = "add the kind, as in web.service"
	}
	return f
}

// CheckNameStrictly tells why a name that passes CheckName is none that systemd takes, or leads out of the directory of
// units.
func CheckNameStrictly(name string) *diag.Fault {
	stem := strings.TrimSuffix(name, path.Ext(name))
	prefix, _, _ := strings.Cut(stem, "@")
	if f := checkElement(name); f != nil {
		return f
	}
	switch i := strings.IndexFunc(name, notInName); {
	case prefix == "":
		return &diag.Fault{Code: codes.UnitNameEmpty, Message: "nothing stands before the kind of the unit",
			Hint: "write a name, as in web.service", At: -1}
	case i >= 0:
		return &diag.Fault{Code: codes.UnitNameByte, Message: "a character that systemd does not take in the " +
			"name of a unit", Hint: `use letters, digits and :-_.\@, or the output of systemd-escape`, At: i}
	case len(name) > nameMax:
		return &diag.Fault{Code: codes.UnitNameLong, Message: "the name of a unit has more than 255 bytes", At: -1}
	}
	return nil
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(`:-_.\@`, r)
}

// checkElement tells why a name cannot be the name of a file in a directory.
func checkElement(name string) *diag.Fault {
	if i := strings.IndexByte(name, '/'); i >= 0 {
		return &diag.Fault{Code: codes.UnitNameSlash, Message: "a slash in a name",
			Hint: "name the file only; in the name of a mount unit slashes are written as -", At: i}
	}
	if i := strings.IndexByte(name, 0); i >= 0 {
		return &diag.Fault{Code: codes.UnitNameByte, Message: "a NUL byte in a name", At: i}
	}
	return nil
}

// CheckDropinName judges the name of a drop-in as the peer does: by its extension alone (docs/peer/spec.md §4.9,
// R-DROPINNAME).
func CheckDropinName(name string) *diag.Fault {
	if path.Ext(name) == ".conf" {
		return nil
	}
	f := &diag.Fault{Code: codes.DropinNameExtension, Message: "the name of a drop-in does not end in .conf",
		Hint: "systemd reads drop-ins that end in .conf only", At: -1}
	if name == "" {
		f.Message, f.Hint = "a drop-in needs a name", "add a name, as 10-web.conf"
	}
	return f
}

// CheckDropinNameStrictly tells why a name that passes CheckDropinName leads out of the directory of drop-ins, or is
// not read by systemd, which passes over hidden files.
func CheckDropinNameStrictly(name string) *diag.Fault {
	if f := checkElement(name); f != nil {
		return f
	}
	switch {
	case strings.HasPrefix(name, "."):
		return &diag.Fault{Code: codes.UnitNameEmpty, Message: "the name of a drop-in starts with a dot",
			Hint: "systemd passes over hidden files; write a name, as in 10-web.conf", At: 0}
	case len(name) > 255: // NAME_MAX
		return &diag.Fault{Code: codes.UnitNameLong, Message: "the name of a drop-in has more than 255 bytes", At: -1}
	}
	return nil
}

// SplitInstance splits the name of an instance, of any kind of unit: foo@bar.service is the instance bar of
// foo@.service. A template has the instance "". ok is false where the name is of neither, which needs an @ that does
// not come first.
func SplitInstance(name string) (template, instance string, ok bool) {
	ext := path.Ext(name)
	stem := name[:len(name)-len(ext)]
	if stem == "" || ext == "" {
		return "", "", false
	}
	at := strings.IndexByte(stem[1:], '@') + 1
	if at == 0 {
		return "", "", false
	}
	return stem[:at+1] + ext, stem[at+1:], true
}

// ServiceTemplate gives the template of which a service is an instance, by the pattern `^(.+?)@(.+?)\.service$`
// (docs/peer/spec.md §4.9, R-TEMPLATENOINSTALL). Unlike with SplitInstance, a template is no instance of itself.
func ServiceTemplate(name string) (template string, ok bool) {
	template, instance, ok := SplitInstance(name)
	if !ok || instance == "" || !strings.HasSuffix(name, ".service") || strings.Contains(name, "\n") {
		return "", false
	}
	return template, true
}
