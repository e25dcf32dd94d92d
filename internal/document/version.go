package document

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// DetectVersion finds ignition.version in a document's tree the way a decoder that looks for nothing else would: keys
// are compared without case, later ones win, and a wrong kind on the way is an error.
func DetectVersion(root tree.Node) (config.Version, *diag.Problem) {
	text, place, problem := findVersion(root)
	if problem != nil {
		return 0, problem
	}
	path := "$.ignition.version"
	if !place.Exists() || place.Kind() == tree.Null || text == "" {
		return 0, versionMissing(root, place)
	}
	v, err := config.ParseVersion(text)
	if err == nil {
		return v, nil
	}
	problem = &diag.Problem{Severity: diag.Error, Code: codes.VersionUnknown, Path: path, Place: place.Place()}
	if wrong := (*config.VersionError)(nil); errors.As(err, &wrong) {
		problem.Message, problem.Hint = wrong.Message, wrong.Hint
		if wrong.Malformed {
			problem.Code = codes.VersionSyntax
			problem.Hint = completed(text, wrong.Hint)
			if _, err := config.ParseVersion(text + ".0"); err == nil {
				problem.Fix = diag.Rewrite(place.Place(), text, text+".0")
			}
		}
	}
	return 0, problem
}

// completed says what to write for a version of fewer numbers: those that are there are kept.
func completed(text, hint string) string {
	if whole := whole(text); strings.HasPrefix(whole, text+".") {
		return "write three numbers: " + whole
	}
	if strings.HasPrefix(text, "1.") {
		hint += "; 1.x.0 is the version of a Butane document, which is YAML and has variant and version"
	}
	return hint
}

func versionMissing(root, at tree.Node) *diag.Problem {
	if !at.Exists() {
		at = root
	}
	hint := fmt.Sprintf(`the smallest config is {"ignition": {"version": %q}}`, config.Stable.String())
	for c := range root.Children() {
		if m, _ := language.OfVersion(config.Newest).FindFolded(language.Config(), c.Key()); m != nil {
			hint = fmt.Sprintf(`add "ignition": {"version": %q}`, config.Stable.String())
		}
	}
	for c := range root.Children() {
		if c.Key() == "ignitionVersion" {
			hint = "this is a config of spec 1, which has another shape; it must be rewritten for spec 3"
		}
	}
	return &diag.Problem{Severity: diag.Error, Code: codes.VersionMissing, Path: "$.ignition.version",
		Place: at.Place(), Message: "the config does not say which version of the language it is written in",
		Hint: hint}
}

// whole is the version that a number such as 3.4 is most likely meant as.
func whole(number string) string {
	if v, err := config.ParseVersion(number + ".0"); err == nil {
		return v.String()
	}
	return config.Stable.String()
}

func findVersion(root tree.Node) (text string, at tree.Node, problem *diag.Problem) {
	wrong := func(n tree.Node, path, want string) {
		if problem == nil && n.Kind() != tree.Null {
			problem = &diag.Problem{Severity: diag.Error, Code: codes.WrongType, Path: path, Place: n.Place(),
				Message: fmt.Sprintf("%s is expected here, not %s", want, n.Kind())}
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
					if v, fault := config.ParseVersion(version.Text() + ".0"); fault == nil {
						problem.Fix = diag.Rewrite(version.Place(), version.Text(), v.String())
					}
				}
			}
		})
	})
	return text, at, problem
}
