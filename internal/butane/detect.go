package butane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

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
	for _, d := range dialects() {
		if d.Variant == variant.Text() && d.Version == text {
			return d, nil
		}
	}
	return unknown(fail, variant, version)
}

// completed names the version that somebody meant by its first one or two numbers, and the newest version of the
// variant.
func completed(variant, text string) string {
	known := versions(variant)
	for _, v := range []string{text + ".0", text + ".0.0"} {
		if slices.Contains(known, v) && v != newest(variant) {
			return v + ", or " + newest(variant) + ", the newest"
		}
	}
	return newest(variant)
}

// unknown says why there is no such dialect. A version that becomes stable loses its experimental name.
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

// normalVersion spells the numbers of a version as numbers are spelled, so that 01.5.0 is 1.5.0; "" for what is no
// version.
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
