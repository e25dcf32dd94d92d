package butane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Dialect is one variant in one version: what a document's first two lines choose.
type Dialect struct {
	Variant, Version string
	// Spec is the version of the config that comes out. It also decides which fields there are: a dialect has those of
	// its spec, and the sugar that came with it.
	Spec config.Version
	// fcos is the minor version of the fcos variant whose sugar for boot devices the dialect shares, -1 for none.
	fcos int
	// minor is the dialect's own minor version.
	minor int
}

// Dialects is every variant and version, the newest version of a variant last (docs/peer/butane.md §1).
func Dialects() []Dialect {
	const none = -1
	rows := []Dialect{
		{"fcos", "1.0.0", config.V3_0, 0, 0},
		{"fcos", "1.1.0", config.V3_1, 1, 1},
		{"fcos", "1.2.0", config.V3_2, 2, 2},
		{"fcos", "1.3.0", config.V3_2, 3, 3},
		{"fcos", "1.4.0", config.V3_3, 4, 4},
		{"fcos", "1.5.0", config.V3_4, 5, 5},
		{"fcos", "1.6.0", config.V3_5, 6, 6},
		{"fcos", "1.7.0", config.V3_6, 7, 7},
		{"fcos", "1.8.0-experimental", config.V3_7, 8, 8},
		{"flatcar", "1.0.0", config.V3_3, none, 0},
		{"flatcar", "1.1.0", config.V3_4, none, 1},
		{"flatcar", "1.2.0-experimental", config.V3_7, none, 2},
		{"r4e", "1.0.0", config.V3_3, none, 0},
		{"r4e", "1.1.0", config.V3_4, none, 1},
		{"r4e", "1.2.0-experimental", config.V3_7, none, 2},
		{"fiot", "1.0.0", config.V3_4, none, 0},
		{"fiot", "1.1.0-experimental", config.V3_7, none, 1},
	}
	for minor := 8; minor <= 22; minor++ {
		d := Dialect{"openshift", fmt.Sprintf("4.%d.0", minor), config.V3_2, 3, minor}
		switch {
		case minor >= 19:
			d.Spec, d.fcos = config.V3_5, 6
		case minor >= 14:
			d.Spec, d.fcos = config.V3_4, 5
		}
		rows = append(rows, d)
	}
	return append(rows, Dialect{"openshift", "4.23.0-experimental", config.V3_7, 8, 23})
}

// String names the dialect: "fcos 1.6.0".
func (d Dialect) String() string { return d.Variant + " " + d.Version }

// Find gives a variant in a version, "" for the newest that is stable. The error says what there is.
func Find(variant, version string) (Dialect, error) {
	known := versions(variant)
	if len(known) == 0 {
		return Dialect{}, fmt.Errorf("the variant %q is not known; the variants are %s", variant, variants())
	}
	if version == "" {
		version = newest(variant)
	}
	for _, d := range Dialects() {
		if d.Variant == variant && d.Version == version {
			return d, nil
		}
	}
	return Dialect{},
		fmt.Errorf("the variant %s has no version %q; the versions are %s", variant, version, strings.Join(known, ", "))
}

func (d Dialect) openshift() bool { return d.Variant == "openshift" }

// ownDisk: the dialect knows how an fcos image partitions its boot disk. OpenShift has never had these checks.
func (d Dialect) ownDisk() bool { return d.Variant == "fcos" && d.minor >= 6 }

// compresses: content is compressed where that makes it shorter. The first OpenShifts could not read it.
func (d Dialect) compresses() bool {
	return d.Spec >= config.V3_1 && !(d.openshift() && d.minor < 10)
}

// has says whether a section that only some variants have is in the dialect.
func (d Dialect) has(feature string) bool {
	switch feature {
	case "boot_device":
		return d.fcos >= 3
	case "grub":
		return d.fcos >= 5
	case "openshift":
		return d.openshift()
	}
	return true
}

// detect finds out which dialect a document is written in.
func detect(root tree.Node) (Dialect, *diag.Problem) {
	fail := func(at tree.Node, path string, code codes.Code, message, hint string) (Dialect, *diag.Problem) {
		if !at.Exists() {
			at = root
		}
		return Dialect{},
			&diag.Problem{Severity: diag.Error, Code: code, Place: at.Place(), Path: path, Message: message, Hint: hint}
	}
	if root.Kind() != tree.Object {
		return fail(root, "$", codes.WrongType, fmt.Sprintf("a mapping is expected here, not %s", root.Kind()),
			fmt.Sprintf(`the smallest document is "variant: fcos" and "version: %s", each on its line`, newest("fcos")))
	}
	variant, version := root.Get("variant"), root.Get("version")
	for _, n := range []tree.Node{variant, version} {
		if n.Kind() >= tree.List {
			return fail(n, "$."+n.Key(), codes.WrongType,
				fmt.Sprintf("a string is expected here, not %s", n.Kind()), "")
		}
	}
	if isNull(variant) || variant.Text() == "" {
		return fail(variant, "$.variant", codes.VariantMissing, "the document does not say which variant of the "+
			"language it is written in", "add a line, such as variant: fcos; the variants are "+variants())
	}
	text := normalVersion(version)
	if text == "" {
		if isNull(version) || version.Text() == "" {
			return fail(version, "$.version", codes.VersionMissing, "the document does not say which version of "+
				"the variant it is written in", "add a line, such as version: "+newest(variant.Text()))
		}
		d, p := fail(version, "$.version", codes.VersionSyntax, fmt.Sprintf("%q is not a version", version.Text()),
			"write three numbers: "+completed(variant.Text(), version.Text()))
		if whole := version.Text() + ".0"; slices.Contains(versions(variant.Text()), whole) {
			p.Fix = diag.Replace(version.Place(), version.Text(), whole)
		}
		return d, p
	}
	for _, d := range Dialects() {
		if d.Variant == variant.Text() && d.Version == text {
			return d, nil
		}
	}
	return unknown(fail, variant, version)
}

// completed names the version of a variant that somebody meant by the first of its numbers, and the newest.
func completed(variant, text string) string {
	known := versions(variant)
	for _, v := range []string{text + ".0", text + ".0.0"} {
		if slices.Contains(known, v) && v != newest(variant) {
			return v + ", or " + newest(variant) + ", the newest"
		}
	}
	return newest(variant)
}

// unknown says why there is no such dialect. Versions become stable, and then their experimental name is gone.
func unknown(
	fail func(tree.Node, string, codes.Code, string, string) (Dialect, *diag.Problem), variant, version tree.Node,
) (Dialect, *diag.Problem) {
	known := versions(variant.Text())
	switch {
	case variant.Text() == "rhcos":
		return fail(variant, "$.variant", codes.VariantUnknown, "the variant rhcos is not there any more",
			"variant: openshift took its place; its documents also need metadata")
	case len(known) == 0:
		return fail(variant, "$.variant", codes.VariantUnknown,
			fmt.Sprintf("the variant %q is not known", variant.Text()), "the variants are "+variants())
	}
	hint := "the versions are " + strings.Join(known, ", ")
	for _, v := range known {
		if plain, _, _ := strings.Cut(v, "-"); plain == version.Text() {
			hint = "this version is still experimental: " + v
		}
		if plain, _, _ := strings.Cut(version.Text(), "-"); plain == v {
			hint = "this version is stable by now: " + v
		}
	}
	return fail(version, "$.version", codes.VersionUnknown,
		fmt.Sprintf("the variant %s has no version %q", variant.Text(), version.Text()), hint)
}

func isNull(n tree.Node) bool { return !n.Exists() || n.Kind() == tree.Null }

// normalVersion spells a version with its numbers as numbers are spelled, so that 01.5.0 is 1.5.0; "" if it is none.
func normalVersion(n tree.Node) string {
	if isNull(n) {
		return ""
	}
	numbers, rest := n.Text(), ""
	if i := strings.IndexAny(numbers, "-+"); i >= 0 {
		numbers, rest = numbers[:i], numbers[i:]
	}
	parts := strings.Split(numbers, ".")
	if len(parts) != 3 {
		return ""
	}
	for i, part := range parts {
		number, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return ""
		}
		parts[i] = strconv.FormatInt(number, 10)
	}
	return strings.Join(parts, ".") + rest
}

func variants() string {
	var names []string
	for _, d := range Dialects() {
		if !slices.Contains(names, d.Variant) {
			names = append(names, d.Variant)
		}
	}
	return strings.Join(names, ", ")
}

func versions(variant string) []string {
	var found []string
	for _, d := range Dialects() {
		if d.Variant == variant {
			found = append(found, d.Version)
		}
	}
	return found
}

// FirstLines are those of a document of a variant in its newest version, in words.
func FirstLines(variant string) string {
	return "variant: " + variant + " and version: " + newest(variant)
}

// newest is the newest version of a variant that is stable, of an unknown one that of the first.
func newest(variant string) string {
	found := ""
	for _, v := range versions(variant) {
		if !strings.Contains(v, "-") {
			found = v
		}
	}
	if found == "" {
		return newest(Dialects()[0].Variant)
	}
	return found
}
