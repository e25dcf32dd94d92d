package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Version of the language is the number after "3." in its name.
type Version int

// The versions of the language.
const (
	V3_0 Version = iota
	V3_1
	V3_2
	V3_3
	V3_4
	V3_5
	V3_6
	V3_7 // 3.7.0-experimental

	// Newest is the version that every config is brought to.
	Newest = V3_7
	// Stable is the newest version that will not change any more.
	Stable = V3_6
)

// String spells the version as a document does.
func (v Version) String() string {
	if v == V3_7 {
		return "3.7.0-experimental"
	}
	return fmt.Sprintf("3.%d.0", int(v))
}

// The codes of the problems that leave a document's version unknown. Nothing else can be said of such a document.
const (
	CodeEmpty          = "empty"
	CodeVersionMissing = "version-missing"
	CodeVersionSyntax  = "version-syntax"
	CodeVersionUnknown = "version-unknown"
	CodeWrongType      = "wrong-type"
	// CodeMark is a text in an encoding that other engines do not read. What it says is known all the same.
	CodeMark = "byte-order-mark"
)

// ParseVersion reads a version as a document spells it. Components are numbers, so "03.6.0" is 3.6.0.
func ParseVersion(text string) (Version, *diag.Fault) {
	malformed := &diag.Fault{Code: CodeVersionSyntax, At: -1, Message: fmt.Sprintf("%s is not a version", quoteShort(text)), Hint: "write three numbers: " + Stable.String()}
	rest, metadata, _ := strings.Cut(text, "+")
	rest, prerelease, _ := strings.Cut(rest, "-")
	parts := strings.SplitN(rest, ".", 3)
	if len(parts) != 3 || !isIdentifier(metadata) || !isIdentifier(prerelease) {
		return 0, malformed
	}
	var number [3]int64
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return 0, malformed
		}
		number[i] = n
	}
	for v := V3_0; v <= Newest; v++ {
		want := ""
		if v == V3_7 {
			want = "experimental"
		}
		if number == [3]int64{3, int64(v), 0} && prerelease == want && metadata == "" {
			return v, nil
		}
	}
	return 0, &diag.Fault{Code: CodeVersionUnknown, At: -1, Message: fmt.Sprintf("version %s of the config language is not known", quoteShort(text)), Hint: versionHint(number[0], number[1])}
}

func versionHint(major, minor int64) string {
	switch {
	case major < 3:
		return "configs of spec 1 and 2 have another shape; they must be rewritten for spec 3"
	case major == 3 && minor == int64(V3_7):
		return "the newest version is still experimental: " + Newest.String()
	case major == 3 && minor <= int64(Stable):
		return fmt.Sprintf("write 3.%d.0", minor)
	}
	return fmt.Sprintf("versions 3.0.0 to %s and %s are known", Stable, Newest)
}

// isIdentifier is semver's rule for pre-release and build identifiers.
func isIdentifier(s string) bool {
	return strings.Trim(s, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func quoteShort(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}

// DetectVersion finds ignition.version in a document's tree the way a decoder that looks for nothing else would: keys are
// compared without case, later ones win, and a wrong kind on the way is an error.
func DetectVersion(root tree.Node) (Version, *diag.Problem) {
	text, place, problem := findVersion(root)
	if problem != nil {
		return 0, problem
	}
	path := "$.ignition.version"
	if !place.Exists() || place.Kind() == tree.Null || text == "" {
		return 0, versionMissing(root, place)
	}
	v, fault := ParseVersion(text)
	if fault != nil {
		return 0, &diag.Problem{Severity: diag.Error, Code: fault.Code, Path: path, Place: place.Place(), Message: fault.Message, Hint: fault.Hint}
	}
	return v, nil
}

func versionMissing(root, at tree.Node) *diag.Problem {
	if !at.Exists() {
		at = root
	}
	hint := fmt.Sprintf(`the smallest config is {"ignition": {"version": %q}}`, Stable.String())
	for c := range root.Children() {
		if m, _ := language().find(c.Key(), Newest); m != nil {
			hint = fmt.Sprintf(`add "ignition": {"version": %q}`, Stable.String())
		}
	}
	for c := range root.Children() {
		if c.Key() == "ignitionVersion" {
			hint = "this is a config of spec 1, which has another shape; it must be rewritten for spec 3"
		}
	}
	return &diag.Problem{Severity: diag.Error, Code: CodeVersionMissing, Path: "$.ignition.version", Place: at.Place(), Message: "the config does not say which version of the language it is written in", Hint: hint}
}

// whole is the version that a number such as 3.4 is most likely meant as.
func whole(number string) string {
	if v, fault := ParseVersion(number + ".0"); fault == nil {
		return v.String()
	}
	return Stable.String()
}

func findVersion(root tree.Node) (text string, at tree.Node, problem *diag.Problem) {
	wrong := func(n tree.Node, path, want string) {
		if problem == nil && n.Kind() != tree.Null {
			problem = &diag.Problem{Severity: diag.Error, Code: CodeWrongType, Path: path, Place: n.Place(), Message: fmt.Sprintf("%s is expected here, not %s", want, n.Kind())}
		}
	}
	members := func(n tree.Node, path, name string, visit func(tree.Node)) {
		if n.Kind() != tree.Object {
			wrong(n, path, "an object")
			return
		}
		for c := range n.Children() {
			if strings.EqualFold(c.Key(), name) {
				visit(c)
			}
		}
	}
	members(root, "$", "ignition", func(ignition tree.Node) {
		members(ignition, "$.ignition", "version", func(version tree.Node) {
			switch version.Kind() {
			case tree.String:
				at, text = version, version.Text()
			case tree.Null: // leaves what an earlier one said
			default:
				wrong(version, "$.ignition.version", "a string")
				if problem != nil && version.Kind() == tree.Number {
					problem.Hint = fmt.Sprintf("write three numbers in quotes, as in %q", whole(version.Text()))
				}
			}
		})
	})
	return text, at, problem
}
